Attribute VB_Name = "CplRules"
Option Explicit

' The rules and texts of the very hidden tabs, and what the check keeps while it runs.

Private Const RULES_TAB As String = "CPL Rules"
Private Const LISTS_TAB As String = "CPL Lists"
Private Const DEVICES_TAB As String = "CPL Device Types"
Private Const COMBINATIONS_TAB As String = "CPL Combinations"
Private Const CERTIFICATES_TAB As String = "CPL Certificates"
Private Const TEXTS_TAB As String = "CPL Texts"
Private Const CHARACTERS_TAB As String = "CPL Characters"
Private Const NAMES_TAB As String = "CPL Character Names"

Private Const MOST_ITEMS As Long = 200
Private Const MOST_RANGES As Long = 200

' Columns of CPL Rules
Public Const RULE_GROUP As Long = 1
Public Const RULE_ATTRIBUTE As Long = 2
Public Const RULE_ROLE As Long = 3
Public Const RULE_KIND As Long = 4
Public Const RULE_LIST As Long = 5
Public Const RULE_PAIRS As Long = 6
Public Const RULE_MAXIMUM As Long = 7
Public Const RULE_OCTETS As Long = 8
Public Const RULE_FLAGS As Long = 9
Public Const RULE_GUIDANCE As Long = 10
Public Const RULE_CONDITION As Long = 11
Public Const RULE_FORMAT As Long = 12
Public Const RULE_VALID As Long = 13
Public Const RULE_UNKNOWN As Long = 14      ' what is asked of a device of unknown type; the device types follow

' Flags of a data item
Public Const RED_ITEM As String = "R"
Public Const PUBLISHED_ITEM As String = "P"
Public Const WITH_LINES As String = "L"
Public Const IMAGE_ITEM As String = "I"

Public rules As Variant
Public lists As Variant
Public devices As Variant
Public combinations As Variant
Public certificates As Variant
Public texts As Variant
Public characterNames As Variant
Public rangeFirst(1 To MOST_RANGES) As Long
Public rangeLast(1 To MOST_RANGES) As Long
Public rangeClass(1 To MOST_RANGES) As String
Public rangeCount As Long

Public itemCount As Long
Public formRow(1 To MOST_ITEMS) As Long     ' 0: the form has no row for the item
Public answer(1 To MOST_ITEMS) As String
Public usable(1 To MOST_ITEMS) As Boolean   ' False: the cell holds nothing that could be judged
Public errorText(1 To MOST_ITEMS) As String
Public warningText(1 To MOST_ITEMS) As String

Public todayNumber As Long                  ' a day is a number here: year, month and day as yyyymmdd
Public deviceRow As Long                    ' of the tab with device types; 0: not known
Public needsColumn As Long
Public needsPlace As Long
Public hasHash As Boolean
Public smets1 As Boolean
Public combinationText As String

' --- Tabs ------------------------------------------------------------------------------------------------------------------

Public Function FindTab(ByVal title As String) As Object
    Dim sheet As Object
    For Each sheet In ThisWorkbook.Worksheets
        If sheet.Name = title Then Set FindTab = sheet
    Next sheet
End Function

Public Function RulesAreThere() As Boolean
    Dim titles As Variant, place As Long
    titles = Array(RULES_TAB, LISTS_TAB, DEVICES_TAB, COMBINATIONS_TAB, CERTIFICATES_TAB, TEXTS_TAB, CHARACTERS_TAB, NAMES_TAB)
    For place = 0 To UBound(titles)
        If FindTab(CStr(titles(place))) Is Nothing Then Exit Function
    Next place
    RulesAreThere = True
End Function

Private Function Contents(ByVal title As String) As Variant
    Contents = FindTab(title).UsedRange.Value
End Function

Public Sub LoadRules()
    Dim ranges As Variant, place As Long
    rules = Contents(RULES_TAB)
    lists = Contents(LISTS_TAB)
    devices = Contents(DEVICES_TAB)
    combinations = Contents(COMBINATIONS_TAB)
    certificates = Contents(CERTIFICATES_TAB)
    texts = Contents(TEXTS_TAB)
    characterNames = Contents(NAMES_TAB)
    itemCount = UBound(rules, 1) - 1
    ranges = Contents(CHARACTERS_TAB)
    rangeCount = UBound(ranges, 1) - 1
    For place = 1 To rangeCount
        rangeFirst(place) = CLng(ranges(place + 1, 1))
        rangeLast(place) = CLng(ranges(place + 1, 2))
        rangeClass(place) = CStr(ranges(place + 1, 3))
    Next place
End Sub

Public Function Rule(ByVal item As Long, ByVal column As Long) As String
    Rule = CStr(rules(item + 1, column))
End Function

Public Function Flagged(ByVal item As Long, ByVal flag As String) As Boolean
    Flagged = PlaceOf(flag, Rule(item, RULE_FLAGS), 1) <> 0
End Function

Public Function KeyOf(ByVal item As Long) As String
    KeyOf = Rule(item, RULE_GROUP) & "." & Rule(item, RULE_ATTRIBUTE)
End Function

' The data item with this role, or 0.
Public Function ItemOf(ByVal role As String) As Long
    Dim item As Long
    For item = 1 To itemCount
        If Rule(item, RULE_ROLE) = role Then ItemOf = item
    Next item
End Function

Public Function AnswerOf(ByVal role As String) As String
    AnswerOf = answer(ItemOf(role))
End Function

' The row of a table whose first column says this, or 0.
Public Function RowOf(ByRef table As Variant, ByVal key As String) As Long
    Dim place As Long
    For place = 2 To UBound(table, 1)
        If CStr(table(place, 1)) = key Then RowOf = place
    Next place
End Function

Public Function Say(ByVal key As String) As String
    Say = CStr(texts(RowOf(texts, key), 2))
End Function

Public Function Setting(ByVal key As String) As Long
    Setting = CLng(Say(key))
End Function

' Where something begins in a text, looked for from a place on, or 0. Capital and small letters differ.
Public Function PlaceOf(ByVal wanted As String, ByVal text As String, ByVal start As Long) As Long
    PlaceOf = InStr(start, text, wanted, 0)
End Function

' A text with one of its {slots} filled in.
Public Function Slot(ByVal template As String, ByVal key As String, ByVal filling As String) As String
    Slot = Replace(template, "{" & key & "}", filling)
End Function

' --- Selection lists -------------------------------------------------------------------------------------------------------

Private Function ListColumn(ByVal list As String) As Long
    Dim column As Long
    For column = 1 To UBound(lists, 2)
        If CStr(lists(1, column)) = list Then ListColumn = column
    Next column
End Function

' A value of a selection list, or nothing: a list without values has no column.
Private Function Listed(ByVal place As Long, ByVal column As Long) As String
    If column <> 0 Then Listed = CStr(lists(place, column))
End Function

' The values of a selection list, joined.
Public Function Choices(ByVal list As String) As String
    Dim place As Long, column As Long
    column = ListColumn(list)
    For place = 2 To UBound(lists, 1)
        If Listed(place, column) <> "" Then
            If Choices <> "" Then Choices = Choices & "; "
            Choices = Choices & Listed(place, column)
        End If
    Next place
End Function

Public Function InList(ByVal list As String, ByVal value As String) As Boolean
    Dim place As Long, column As Long
    column = ListColumn(list)
    If value = "" Then Exit Function
    For place = 2 To UBound(lists, 1)
        If Listed(place, column) = value Then InList = True
    Next place
End Function

Public Function ListSpelling(ByVal list As String, ByVal value As String) As String
    Dim place As Long, column As Long
    ListSpelling = value
    column = ListColumn(list)
    If IsNotApplicable(value) And InList(list, Say("set.not_applicable")) Then ListSpelling = Say("set.not_applicable")
    For place = 2 To UBound(lists, 1)
        If LCase(Listed(place, column)) = LCase(value) Then ListSpelling = Listed(place, column)
    Next place
End Function
