Attribute VB_Name = "CplAnswers"
Option Explicit

' What each cell of column G says, as text, and the characters in it.

' --- Cells -----------------------------------------------------------------------------------------------------------------

Public Sub ReadAnswers(ByVal form As Object)
    Dim item As Long
    For item = 1 To itemCount
        answer(item) = ""
        errorText(item) = ""
        warningText(item) = ""
        usable(item) = True
        If formRow(item) = 0 Then
            usable(item) = False
            AddError item, Say("no_row"), Say("set.form_guidance")
        ElseIf Rule(item, RULE_KIND) <> "allocated" Then
            answer(item) = Normalised(item, CellText(item, form.Cells(formRow(item), ANSWER_COLUMN)))
        End If
    Next item
End Sub

Private Function CellText(ByVal item As Long, ByVal cell As Object) As String
    Dim content As Variant
    content = cell.Value
    CellText = PlainText(content)
    If cell.HasFormula Then
        Refuse item, "cell.formula"
    ElseIf IsError(content) Then
        Refuse item, "cell.error"
    ElseIf VarType(content) = vbBoolean Then
        Refuse item, "cell.boolean"
    ElseIf Not IsEmpty(content) And VarType(content) <> vbString Then
        CellText = NumberText(item, CDbl(content), VarType(content) = vbDate)
    End If
End Function

' What a cell holds; any text stands for an error.
Private Function PlainText(ByVal content As Variant) As String
    If IsError(content) Then
        PlainText = "?"
    ElseIf IsEmpty(content) Or VarType(content) = vbString Then
        PlainText = CStr(content)
    Else
        PlainText = Digits(CDbl(content))
    End If
End Function

Private Sub Refuse(ByVal item As Long, ByVal key As String)
    usable(item) = False
    AddError item, Say(key), Say("set.form_guidance")
End Sub

' A number or a date in the cell: readable for some data items, a loss for others.
Private Function NumberText(ByVal item As Long, ByVal number As Double, ByVal isDay As Boolean) As String
    NumberText = Digits(number)
    Select Case Rule(item, RULE_KIND)
        Case "hex"
            usable(item) = False
            AddError item, Mangled(number, isDay), ""
        Case "date"
            If isDay And number >= 1 Then
                NumberText = DayText(DayNumber(number))
                If Day(CDate(number)) <= 12 Then AddWarning item, Slot(Say("cell.date_doubt"), "date", NumberText), ""
            Else
                usable(item) = False
                AddError item, Say("cell.date_number"), ""
            End If
        Case "path"
            usable(item) = False
            AddError item, Say("cell.path_number"), ""
        Case Else
            If isDay Or Rule(item, RULE_KIND) = "telephones" Or Not AllFrom(NumberText, "0123456789") Then
                AddWarning item, Say("cell.text_number"), ""
            End If
    End Select
End Function

Private Function Mangled(ByVal number As Double, ByVal isDay As Boolean) As String
    If Not isDay Then
        Mangled = Slot(Say("cell.hex_number"), "number", Left(Digits(number), 20))
    ElseIf number < Setting("set.most_typed_days") And number <> Int(number) Then
        Mangled = Slot(Say("cell.hex_time"), "time", Clock(number))
    Else
        Mangled = Say("cell.hex_date")
    End If
End Function

Private Function Clock(ByVal days As Double) As String
    Dim seconds As Long
    seconds = CLng(days * 86400)
    Clock = TwoDigits(seconds \ 3600) & ":" & TwoDigits((seconds \ 60) Mod 60)
    If seconds Mod 60 <> 0 Then Clock = Clock & ":" & TwoDigits(seconds Mod 60)
End Function

' A number as a workbook stores it, whatever the language of the computer.
Private Function Digits(ByVal number As Double) As String
    Digits = Trim(Str(number))
    If Left(Digits, 1) = "." Then Digits = "0" & Digits
    If Left(Digits, 2) = "-." Then Digits = "-0" & Mid(Digits, 2)
End Function

Public Function TwoDigits(ByVal number As Long) As String
    TwoDigits = CStr(number)
    If number < 10 Then TwoDigits = "0" & TwoDigits
End Function

' The spelling in which an answer is checked.
Private Function Normalised(ByVal item As Long, ByVal written As String) As String
    Dim value As String
    value = Trimmed(written)
    Select Case Rule(item, RULE_KIND)
        Case "hex"
            value = HexCapitals(value)
        Case "list"
            value = ListSpelling(Rule(item, RULE_LIST), value)
        Case "path"
            If IsNotApplicable(value) Then value = Say("set.not_applicable") Else value = JoinedParts(value, "; ", True)
        Case "names", "telephones", "emails"
            value = Trimmed(JoinedParts(value, ";", False))
        Case "text"
            If Flagged(item, WITH_LINES) Then value = Replace(Replace(value, vbCr & vbLf, vbLf), vbCr, vbLf)
    End Select
    Normalised = value
End Function

Private Function HexCapitals(ByVal value As String) As String
    Dim letter As Variant
    HexCapitals = value
    For Each letter In Array("a", "b", "c", "d", "e", "f")
        HexCapitals = Replace(HexCapitals, CStr(letter), UCase(CStr(letter)))
    Next letter
End Function

Public Function IsNotApplicable(ByVal value As String) As Boolean
    IsNotApplicable = (LCase(value) = "na" Or LCase(value) = "n/a")
End Function

' What stands between the semicolons, without empty parts.
Private Function JoinedParts(ByVal value As String, ByVal separator As String, ByVal trimEach As Boolean) As String
    Dim pieces As Variant, place As Long, piece As String
    pieces = Split(value, ";")
    For place = 0 To UBound(pieces)
        piece = CStr(pieces(place))
        If Trimmed(piece) <> "" Then
            If trimEach Then piece = Trimmed(piece)
            If JoinedParts <> "" Then JoinedParts = JoinedParts & separator
            JoinedParts = JoinedParts & piece
        End If
    Next place
End Function

' --- Characters ------------------------------------------------------------------------------------------------------------

Public Function CharacterProblem(ByVal item As Long, ByVal value As String) As String
    CharacterProblem = LengthProblem(item, value)
    If CharacterProblem = "" Then CharacterProblem = UnwantedProblem(item, value)
    If CharacterProblem = "" Then CharacterProblem = StartProblem(item, value)
End Function

Private Function LengthProblem(ByVal item As Long, ByVal value As String) As String
    Dim length As Long, signs As String
    If Rule(item, RULE_KIND) = "hex" Or Rule(item, RULE_KIND) = "path" Then Exit Function
    length = Octets(value)
    If length <= CLng(Rule(item, RULE_OCTETS)) Then Exit Function
    If HoldsOther(value) Then signs = Say("too_long.signs")
    LengthProblem = Slot(Slot(Say("too_long"), "octets", CStr(length)), "most", Rule(item, RULE_OCTETS))
    LengthProblem = Slot(LengthProblem, "signs", signs)
End Function

Private Function UnwantedProblem(ByVal item As Long, ByVal value As String) As String
    Dim place As Long, code As Long, scanned As Long, most As Long
    most = Setting("set.longest_scan")
    place = 1
    Do While place <= Len(value) And scanned < most
        code = CodeAt(value, place)
        If code < 32 Or code > 126 Then
            If InClass(code, "unwanted") And Not (code = 10 And Flagged(item, WITH_LINES)) Then
                If Flagged(item, RED_ITEM) Then
                    UnwantedProblem = Slot(Say("unwanted"), "what", Say("unwanted.red"))
                Else
                    UnwantedProblem = Slot(Say("unwanted"), "what", Described(code))
                End If
                Exit Function
            End If
            If code > 65535 Then place = place + 1
        End If
        place = place + 1
        scanned = scanned + 1
    Loop
End Function

Private Function StartProblem(ByVal item As Long, ByVal value As String) As String
    Dim starts As String
    starts = "=-@"
    If Rule(item, RULE_KIND) <> "telephones" Then starts = starts & "+"
    If Not Flagged(item, PUBLISHED_ITEM) Then Exit Function
    If PlaceOf(Left(value, 1), starts, 1) = 0 Then Exit Function
    If Flagged(item, RED_ITEM) Then
        StartProblem = Slot(Say("formula"), "first", Say("formula.red"))
    Else
        StartProblem = Slot(Say("formula"), "first", "'" & Left(value, 1) & "'")
    End If
End Function

' One character at this place as Unicode numbers it; beyond 65,535 a character takes two places.
Private Function CodeAt(ByVal value As String, ByVal place As Long) As Long
    Dim following As Long
    CodeAt = UnitAt(value, place)
    If CodeAt < 55296 Or CodeAt > 56319 Or place = Len(value) Then Exit Function
    following = UnitAt(value, place + 1)
    If following >= 56320 And following <= 57343 Then CodeAt = (CodeAt - 55296) * 1024 + following - 56320 + 65536
End Function

Public Function UnitAt(ByVal value As String, ByVal place As Long) As Long
    UnitAt = AscW(Mid(value, place, 1))
    If UnitAt < 0 Then UnitAt = UnitAt + 65536
End Function

' Length in octets of UTF-8.
Private Function Octets(ByVal value As String) As Long
    Dim place As Long, code As Long, more As Long
    For place = 1 To Len(value)
        code = UnitAt(value, place)
        If code > 127 Then more = more + 1
        If code > 2047 And (code < 55296 Or code > 57343) Then more = more + 1
    Next place
    Octets = Len(value) + more
End Function

Public Function InClass(ByVal code As Long, ByVal which As String) As Boolean
    Dim place As Long
    If code > 32 And code < 127 Then Exit Function
    For place = 1 To rangeCount
        If code >= rangeFirst(place) And code <= rangeLast(place) And rangeClass(place) = which Then InClass = True
    Next place
End Function

' The first character beyond the tilde as a person can look it up, or nothing; what stands before the blank was refused.
Public Function Odd(ByVal value As String) As String
    Dim place As Long, code As Long
    For place = 1 To Len(value)
        code = CodeAt(value, place)
        If code > 126 Then
            Odd = Described(code)
            Exit Function
        End If
    Next place
End Function

Private Function HoldsOther(ByVal value As String) As Boolean
    Dim place As Long
    For place = 1 To Len(value)
        If UnitAt(value, place) > 127 Then HoldsOther = True
    Next place
End Function

Private Function Described(ByVal code As Long) As String
    Dim place As Long
    place = RowOf(characterNames, CStr(code))
    If place <> 0 Then
        Described = CStr(characterNames(place, 2))
    Else
        Described = Hex(code)
        Do While Len(Described) < 4
            Described = "0" & Described
        Loop
        Described = "U+" & Described
    End If
End Function

Public Function Trimmed(ByVal value As String) As String
    Dim first As Long, last As Long
    first = 1
    last = Len(value)
    Do While first <= last
        If Not InClass(UnitAt(value, first), "blank") Then Exit Do
        first = first + 1
    Loop
    Do While last > first
        If Not InClass(UnitAt(value, last), "blank") Then Exit Do
        last = last - 1
    Loop
    Trimmed = Mid(value, first, last - first + 1)
End Function

Public Function AllFrom(ByVal value As String, ByVal allowed As String) As Boolean
    Dim place As Long
    For place = 1 To Len(value)
        If PlaceOf(Mid(value, place, 1), allowed, 1) = 0 Then Exit Function
    Next place
    AllFrom = True
End Function
