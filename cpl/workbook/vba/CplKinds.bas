Attribute VB_Name = "CplKinds"
Option Explicit

' How the value of each kind must be written.

Public Function FormProblem(ByVal item As Long, ByVal value As String) As String
    Select Case Rule(item, RULE_KIND)
        Case "list"
            FormProblem = ListProblem(item, value)
        Case "hex"
            FormProblem = HexProblem(item, value)
        Case "cpa_number"
            FormProblem = CertificateProblem(item, value)
        Case "printable"
            FormProblem = PrintableProblem(value)
        Case "date"
            If DateNumber(value) = 0 Then FormProblem = Slot(Say("date"), "hint", DateHint(value))
        Case "text"
            If Flagged(item, RED_ITEM) And HoldsWebAddress(value) Then FormProblem = Say("web")
        Case "emails"
            FormProblem = EmailProblem(value)
        Case "path"
            FormProblem = PathProblem(item, value)
    End Select
End Function

Private Function ListProblem(ByVal item As Long, ByVal value As String) As String
    If InList(Rule(item, RULE_LIST), value) Then Exit Function
    ListProblem = Slot(Slot(Say("list"), "hint", ""), "choices", Choices(Rule(item, RULE_LIST)))
End Function

Private Function HexProblem(ByVal item As Long, ByVal value As String) As String
    If Not IsHex(value, CLng(Rule(item, RULE_PAIRS))) Then
        HexProblem = Slot(Slot(Say("hex"), "hint", HexHint(item, value)), "format", Rule(item, RULE_FORMAT))
    ElseIf value > Rule(item, RULE_MAXIMUM) Then
        HexProblem = Slot(Say("hex.range"), "valid", Rule(item, RULE_VALID))
    End If
End Function

Private Function IsHex(ByVal value As String, ByVal pairs As Long) As Boolean
    Dim place As Long
    If Len(value) <> 3 * pairs - 1 Then Exit Function
    For place = 1 To Len(value)
        If Not AllFrom(Mid(value, place, 1), IIf(place Mod 3 = 0, ":", "0123456789ABCDEF")) Then Exit Function
    Next place
    IsHex = True
End Function

' The value as it was probably meant: with colons for other separators, without 0x.
Private Function HexHint(ByVal item As Long, ByVal value As String) As String
    Dim place As Long, found As String, meant As String
    If LCase(Left(value, 2)) = "0x" Then value = Mid(value, 3)
    For place = 1 To Len(value)
        If Not AllFrom(Mid(value, place, 1), ":.-") And Not InClass(UnitAt(value, place), "blank") Then
            found = found & UCase(Mid(value, place, 1))
        End If
    Next place
    If Len(found) <> 2 * CLng(Rule(item, RULE_PAIRS)) Or Not AllFrom(found, "0123456789ABCDEF") Then Exit Function
    meant = Left(found, 2)
    For place = 3 To Len(found) Step 2
        meant = meant & ":" & Mid(found, place, 2)
    Next place
    HexHint = Slot(Say("hex.hint"), "meant", meant)
End Function

Private Function PrintableProblem(ByVal value As String) As String
    If Odd(value) <> "" Then
        PrintableProblem = Slot(Say("odd"), "what", Odd(value))
    ElseIf Len(value) < Setting("set.shortest_number") Then
        PrintableProblem = Slot(Say("short"), "least", Say("set.shortest_number"))
    End If
End Function

Private Function CertificateProblem(ByVal item As Long, ByVal value As String) As String
    Dim place As Long, number As String
    place = CertificateRow(value)
    If Odd(value) <> "" Then
        CertificateProblem = Slot(Say("odd"), "what", Odd(value))
    ElseIf place = 0 Then
        CertificateProblem = Slot(Slot(Say("prefix"), "prefixes", Say("set.prefixes")), "valid", Rule(item, RULE_VALID))
    Else
        number = Mid(value, Len(CStr(certificates(place, 1))) + 2)
        If number <> Trimmed(number) Or Len(number) < Setting("set.shortest_number") - 1 Then
            CertificateProblem = Slot(Say("prefix.number"), "prefix", CStr(certificates(place, 1)))
            CertificateProblem = Slot(CertificateProblem, "valid", Rule(item, RULE_VALID))
        End If
    End If
End Function

' The row of the kind of certificate whose prefix and a blank stand in front, or 0.
Public Function CertificateRow(ByVal value As String) As Long
    Dim place As Long, prefix As String
    For place = 2 To UBound(certificates, 1)
        prefix = CStr(certificates(place, 1)) & " "
        If Left(value, Len(prefix)) = prefix Then CertificateRow = place
    Next place
End Function

' A date dd/mm/yyyy as the number yyyymmdd, or 0 for anything else.
Public Function DateNumber(ByVal value As String) As Long
    Dim dayPart As Long, monthPart As Long, yearPart As Long
    If Len(value) <> 10 Or Mid(value, 3, 1) <> "/" Or Mid(value, 6, 1) <> "/" Then Exit Function
    If Not AllFrom(Left(value, 2) & Mid(value, 4, 2) & Right(value, 4), "0123456789") Then Exit Function
    dayPart = CLng(Left(value, 2))
    monthPart = CLng(Mid(value, 4, 2))
    yearPart = CLng(Right(value, 4))
    If yearPart < 1 Or monthPart < 1 Or monthPart > 12 Or dayPart < 1 Then Exit Function
    If dayPart > DaysIn(monthPart, yearPart) Then Exit Function
    DateNumber = yearPart * 10000 + monthPart * 100 + dayPart
End Function

Private Function DaysIn(ByVal monthPart As Long, ByVal yearPart As Long) As Long
    DaysIn = 31
    If monthPart = 4 Or monthPart = 6 Or monthPart = 9 Or monthPart = 11 Then DaysIn = 30
    If monthPart = 2 Then
        DaysIn = 28
        If IsLeapYear(yearPart) Then DaysIn = 29
    End If
End Function

Public Function IsLeapYear(ByVal yearPart As Long) As Boolean
    IsLeapYear = (yearPart Mod 4 = 0 And yearPart Mod 100 <> 0) Or yearPart Mod 400 = 0
End Function

Private Function DateHint(ByVal value As String) As String
    Dim meant As String
    If AllFrom(Mid(value, 3, 1) & Mid(value, 6, 1), "-.") Then
        meant = Left(value, 2) & "/" & Mid(value, 4, 2) & "/" & Right(value, 4)
    ElseIf Mid(value, 5, 1) = "-" And Mid(value, 8, 1) = "-" Then
        meant = Right(value, 2) & "/" & Mid(value, 6, 2) & "/" & Left(value, 4)
    End If
    If DateNumber(meant) <> 0 Then DateHint = Slot(Say("date.hint"), "meant", meant)
End Function

Public Function DayText(ByVal number As Long) As String
    DayText = TwoDigits(number Mod 100) & "/" & TwoDigits((number \ 100) Mod 100) & "/" & CStr(number \ 10000)
End Function

Public Function DayNumber(ByVal serial As Double) As Long
    DayNumber = CLng(Year(CDate(serial))) * 10000 + CLng(Month(CDate(serial))) * 100 + Day(CDate(serial))
End Function

Private Function HoldsWebAddress(ByVal value As String) As Boolean
    Dim place As Long, back As Long, sign As String
    HoldsWebAddress = PlaceOf("www.", LCase(value), 1) <> 0
    place = PlaceOf("://", value, 1)
    Do While place <> 0
        For back = place - 1 To 1 Step -1
            sign = LCase(Mid(value, back, 1))
            If AllFrom(sign, "abcdefghijklmnopqrstuvwxyz") Then HoldsWebAddress = True
            If Not AllFrom(sign, "abcdefghijklmnopqrstuvwxyz0123456789+.-") Then Exit For
        Next back
        place = PlaceOf("://", value, place + 1)
    Loop
End Function

Public Function PartCount(ByVal value As String) As Long
    PartCount = UBound(Split(value, ";")) + 1
End Function

Private Function EmailProblem(ByVal value As String) As String
    Dim pieces As Variant, place As Long, wrong As String
    pieces = Split(value, ";")
    For place = 0 To UBound(pieces)
        If Not IsEmail(Trimmed(CStr(pieces(place)))) Then
            If wrong <> "" Then wrong = wrong & ", "
            wrong = wrong & CStr(place + 1)
        End If
    Next place
    If wrong <> "" Then EmailProblem = Slot(Say("email"), "places", wrong)
End Function

Private Function IsEmail(ByVal value As String) As Boolean
    Dim sign As Long, mailbox As String
    sign = PlaceOf("@", value, 1)
    If sign = 0 Or Len(value) > Setting("set.longest_address") Then Exit Function
    mailbox = Left(value, sign - 1)
    If Len(mailbox) > Setting("set.longest_mailbox") Then Exit Function
    IsEmail = IsMailbox(mailbox) And IsDomain(Mid(value, sign + 1))
End Function

Private Function IsMailbox(ByVal value As String) As Boolean
    Dim signs As String
    signs = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+/=?^_`{|}~-."
    If value = "" Or Left(value, 1) = "." Or Right(value, 1) = "." Then Exit Function
    IsMailbox = AllFrom(value, signs) And PlaceOf("..", value, 1) = 0
End Function

Private Function IsDomain(ByVal value As String) As Boolean
    Dim labels As Variant, place As Long, part As String
    labels = Split(value, ".")
    If UBound(labels) < 1 Then Exit Function
    For place = 0 To UBound(labels)
        part = CStr(labels(place))
        If Not IsDomainLabel(part) Then Exit Function
    Next place
    IsDomain = Len(part) > 1 And Not AllFrom(Left(part, 1), "0123456789")
End Function

Private Function IsDomainLabel(ByVal value As String) As Boolean
    If value = "" Or Len(value) > 63 Or Left(value, 1) = "-" Or Right(value, 1) = "-" Then Exit Function
    IsDomainLabel = AllFrom(value, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
End Function

Private Function PathProblem(ByVal item As Long, ByVal value As String) As String
    Dim numbers As Variant, place As Long
    If value = Say("set.not_applicable") Then Exit Function
    numbers = Split(value, "; ")
    For place = 0 To UBound(numbers)
        If Not IsEntryNumber(CStr(numbers(place))) Then
            PathProblem = Slot(Slot(Say("path"), "format", Rule(item, RULE_FORMAT)), "valid", Rule(item, RULE_VALID))
            Exit Function
        End If
    Next place
    If PartCount(value) > Setting("set.most_numbers") Then
        PathProblem = Slot(Slot(Say("path.many"), "count", CStr(PartCount(value))), "most", Say("set.most_numbers"))
    ElseIf Repeated(value) <> "" Then
        PathProblem = Slot(Say("path.repeated"), "numbers", Repeated(value))
    End If
End Function

Public Function IsEntryNumber(ByVal value As String) As Boolean
    IsEntryNumber = Len(value) = 6 And AllFrom(value, "0123456789") And value <> "000000"
End Function

' Entry numbers that stand in a path more than once, the smallest first.
Private Function Repeated(ByVal value As String) As String
    Dim numbers As Variant, place As Long, number As String, least As String, said As String
    numbers = Split(value, "; ")
    Do
        least = ""
        For place = 0 To UBound(numbers)
            number = CStr(numbers(place))
            If number > said And Times(value, number) > 1 Then
                If least = "" Or number < least Then least = number
            End If
        Next place
        If least = "" Then Exit Do
        If Repeated <> "" Then Repeated = Repeated & ", "
        Repeated = Repeated & least
        said = least
    Loop
End Function

Private Function Times(ByVal value As String, ByVal number As String) As Long
    Dim place As Long
    place = PlaceOf(number, value, 1)
    Do While place <> 0
        Times = Times + 1
        place = PlaceOf(number, value, place + 1)
    Loop
End Function
