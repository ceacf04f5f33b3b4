"""Mutants of the macro that do what it does, each looked at: nothing that anybody can see changes, for the reason given."""

from collections.abc import Mapping

_REASONS: Mapping[str, tuple[str, ...]] = {
    "There is room to spare: a form has some forty data items, and the characters come in fewer ranges.": (
        "CplRules.MOST_ITEMS: Private Const MOST_ITEMS As Long = 200: 200 -> 201",
        "CplRules.MOST_RANGES: Private Const MOST_RANGES As Long = 200: 200 -> 201",
    ),
    "At the limit itself both ways give the same.": (
        "CplValidation.FindRows: If lastRow > LAST_FORM_ROW Then lastRow = LAST_FORM_ROW: > -> >=",
        'CplKinds.Repeated: If least = "" Or number < least Then least = number: < -> <=',
    ),
    "The first data item of the form is one of SECAS's own, with which nothing is done here.": (
        "CplValidation.CheckAnswers: For item = 1 To itemCount: 1 -> 2",
        "CplRules.ItemOf: For item = 1 To itemCount: 1 -> 2",
        "CplLinks.CheckImage: For item = 1 To itemCount: 1 -> 2",
    ),
    "Five days exactly are a date without a time already, which the other half of the question says.": (
        'CplAnswers.Mangled: ElseIf number < Setting("set.most_typed_days") And number <> Int(number) Then: < -> <=',
    ),
    "A carriage return that is left is made a line feed right after.": (
        "CplAnswers.Normalised: If Flagged(item, WITH_LINES) Then "
        "value = Replace(Replace(value, vbCr & vbLf, vbLf), vbCr, vbLf): vbLf -> vbCr (2)",
    ),
    "A blank and a tilde are no unwanted characters: the question only saves time.": (
        "CplAnswers.UnwantedProblem: If code < 32 Or code > 126 Then: < -> <=",
        "CplAnswers.UnwantedProblem: If code < 32 Or code > 126 Then: > -> >=",
        "CplAnswers.UnwantedProblem: If code < 32 Or code > 126 Then: 32 -> 33",
    ),
    "Plain characters are in no class: the question only saves time.": (
        "CplAnswers.InClass: If code > 32 And code < 127 Then Exit Function: left out",
        "CplAnswers.InClass: If code > 32 And code < 127 Then Exit Function: 32 -> 33",
    ),
    "The last character that is left is no blank, so that the loop ends there anyway.": (
        "CplAnswers.Trimmed: Do While last > first: > -> >=",
    ),
    "Minor versions have four digits at most, so that every larger factor keeps the order.": (
        "CplLinks.VersionNumber: VersionNumber = CLng(major) * 10000 + CLng(minor): 10000 -> 10001",
    ),
    "A point at the beginning, or right after another, has no digit before it and begins no version.": (
        'CplLinks.VersionNumber: place = PlaceOf(".", text, 1): 1 -> 2',
        'CplLinks.VersionNumber: place = PlaceOf(".", text, place + 1): 1 -> 2',
    ),
    "With nothing in front of it there is no scheme and no mailbox; and two such signs do not overlap.": (
        'CplKinds.HoldsWebAddress: place = PlaceOf("://", value, 1): 1 -> 2',
        'CplKinds.HoldsWebAddress: place = PlaceOf("://", value, place + 1): 1 -> 2',
        'CplKinds.IsEmail: sign = PlaceOf("@", value, 1): 1 -> 2',
        "CplKinds.Times: place = PlaceOf(number, value, place + 1): 1 -> 2",
    ),
    "A mailbox that begins with a point was refused before.": (
        'CplKinds.IsMailbox: IsMailbox = AllFrom(value, signs) And PlaceOf("..", value, 1) = 0: 1 -> 2',
    ),
    "A number that stands there twice is found at its second place as well.": (
        "CplKinds.Repeated: For place = 0 To UBound(numbers): 0 -> 1",
    ),
    "AscW looks at the first character only.": ("CplAnswers.UnitAt: UnitAt = AscW(Mid(value, place, 1)): 1 -> 2",),
    "The character of that number is among those refused before.": ("CplAnswers.Odd: If code > 126 Then: 126 -> 127",),
    "Any text will do that is no value.": ('CplAnswers.PlainText: PlainText = "?": "?" -> "!"',),
    "Every number below zero says that there is no version.": ("CplLinks.VersionNumber: VersionNumber = -1: 1 -> 2",),
}
EQUIVALENT: Mapping[str, str] = {name: reason for reason, names in _REASONS.items() for name in names}
