"""A small interpreter for Visual Basic for Applications, so that the macro of the form runs in the tests without Office."""
