Attribute VB_Name = "CplLinks"
Option Explicit

' What data items say about each other.

' Device type, SMETS/CHTS version and GBCS version: Device Level Versioning.
Public Sub CheckCombination()
    Dim device As String, version As String, gbcs As String, place As Long
    device = AnswerOf("device")
    version = AnswerOf("version")
    gbcs = AnswerOf("gbcs")
    If Not InList(Rule(ItemOf("device"), RULE_LIST), device) Then Exit Sub
    If Not InList(Rule(ItemOf("version"), RULE_LIST), version) Then Exit Sub
    If Not InList(Rule(ItemOf("gbcs"), RULE_LIST), gbcs) Then Exit Sub
    If deviceRow = 0 Then AddError ItemOf("device"), Say("device"), ""
    For place = 2 To UBound(combinations, 1)
        If CStr(combinations(place, 1)) = device And CStr(combinations(place, 2)) = version Then
            If CStr(combinations(place, 3)) = gbcs Then RefuseCombination place
        End If
    Next place
End Sub

Private Sub RefuseCombination(ByVal place As Long)
    Dim text As String, key As Variant, column As Long
    If CStr(combinations(place, 4)) = "" Then Exit Sub
    text = Say("trio")
    For Each key In Array("device", "version", "gbcs", "reason")
        column = column + 1
        text = Slot(text, CStr(key), CStr(combinations(place, column)))
    Next key
    text = Slot(text, "permitted", CStr(devices(deviceRow, 3)))
    AddError ItemOf("device"), text, Say("set.combination_guidance")
    combinationText = "This Device Level Version is not permitted." & vbLf & vbLf & text & vbLf & vbLf & _
        "Choose permitted values, then validate the entry again."
End Sub

Public Sub CheckCertificate()
    Dim place As Long, needed As String
    place = CertificateRow(AnswerOf("certificate"))
    needed = Need(ItemOf("certificate"))
    CheckCharacteristics ItemOf("characteristics"), place, needed
    If place <> 0 And needed <> "E" And usable(ItemOf("expiry")) Then CheckExpiry ItemOf("expiry"), place
End Sub

Private Sub CheckCharacteristics(ByVal item As Long, ByVal place As Long, ByVal needed As String)
    Dim none As String, text As String
    none = Say("set.not_relevant")
    If answer(item) = "" Or smets1 Then Exit Sub
    If needed = "E" Then
        If answer(item) <> none Then AddError item, Slot(Say("characteristics.none"), "none", none), ""
    ElseIf place <> 0 Then
        If (CStr(certificates(place, 2)) = "yes") = (answer(item) = none) Then
            text = Slot(Say(CStr(certificates(place, 3))), "prefix", CStr(certificates(place, 1)))
            AddError item, Slot(text, "none", none), CStr(certificates(place, 4))
        End If
    End If
End Sub

Private Sub CheckExpiry(ByVal item As Long, ByVal place As Long)
    Dim expiry As Long, years As Long, latest As Long, text As String
    expiry = DateNumber(answer(item))
    If expiry = 0 Then Exit Sub
    years = CLng(certificates(place, 8))    ' 0: no latest day
    latest = YearsLater(todayNumber, years)
    If expiry >= todayNumber And (years = 0 Or expiry <= latest) Then Exit Sub
    text = Slot(Say(CStr(certificates(place, 6))), "prefix", CStr(certificates(place, 1)))
    text = Slot(Slot(text, "first", DayText(todayNumber)), "last", DayText(latest))
    If CStr(certificates(place, 5)) = "error" Then
        AddError item, text, CStr(certificates(place, 7))
    Else
        AddWarning item, text, CStr(certificates(place, 7))
    End If
End Sub

' The same day so many years later; 28 February for a 29 February that does not exist.
Private Function YearsLater(ByVal number As Long, ByVal years As Long) As Long
    YearsLater = number + years * 10000
    If YearsLater Mod 10000 = 229 And Not IsLeapYear(YearsLater \ 10000) Then YearsLater = YearsLater - 1
End Function

' The items of the Manufacturer Image go together.
Public Sub CheckImage()
    Dim item As Long, strays As String, hash As Long
    hash = ItemOf("hash")
    For item = 1 To itemCount
        If Flagged(item, IMAGE_ITEM) And usable(item) And answer(item) <> "" And Need(item) = "E" Then
            If strays <> "" Then strays = strays & " and "
            strays = strays & Rule(item, RULE_ATTRIBUTE)
        End If
    Next item
    If strays <> "" And usable(hash) Then AddError hash, Slot(Say("image.stray"), "strays", strays), ""
    If hasHash And WhyNoUpgrade() <> "" Then
        AddWarning hash, Slot(Say("image.no_upgrade"), "reason", WhyNoUpgrade()), Say("set.image_guidance")
    End If
End Sub

Public Sub CheckPath()
    Dim item As Long
    item = ItemOf("path")
    If item = 0 Then Exit Sub
    If Not usable(item) Or answer(item) = "" Or answer(item) = Say("set.not_applicable") Then Exit Sub
    If HoldsEntryNumber(answer(item)) And Not hasHash Then
        AddError item, Say("path.no_hash"), ""
    ElseIf WhyNoUpgrade() <> "" Then
        AddWarning item, Slot(Say("path.no_upgrade"), "reason", WhyNoUpgrade()), ""
    End If
End Sub

Private Function HoldsEntryNumber(ByVal value As String) As Boolean
    Dim numbers As Variant, place As Long
    numbers = Split(value, "; ")
    For place = 0 To UBound(numbers)
        If IsEntryNumber(CStr(numbers(place))) Then HoldsEntryNumber = True
    Next place
End Function

' Why this Device Model has no firmware upgrades over the air, or nothing.
Private Function WhyNoUpgrade() As String
    Dim first As String, own As Long
    If deviceRow = 0 Then Exit Function
    first = CStr(devices(deviceRow, 2))
    own = VersionNumber(AnswerOf("gbcs"))
    If own < 0 Or own >= VersionNumber(first) Then Exit Function
    WhyNoUpgrade = Slot(Slot(Say("no_upgrade"), "device", CStr(devices(deviceRow, 1))), "first", first)
End Function

' The first version number in a text, such as 4.1, as one number; -1 without one.
Private Function VersionNumber(ByVal text As String) As Long
    Dim place As Long, major As String, minor As String
    VersionNumber = -1
    place = PlaceOf(".", text, 1)
    Do While place <> 0
        major = DigitsAround(text, place, -1)
        minor = DigitsAround(text, place, 1)
        If major <> "" And minor <> "" Then
            VersionNumber = CLng(major) * 10000 + CLng(minor)
            Exit Function
        End If
        place = PlaceOf(".", text, place + 1)
    Loop
End Function

' Up to four digits on one side of a place.
Private Function DigitsAround(ByVal text As String, ByVal place As Long, ByVal direction As Long) As String
    Dim at As Long, digit As String
    at = place + direction
    Do While at >= 1 And at <= Len(text) And Len(DigitsAround) < 4
        digit = Mid(text, at, 1)
        If Not AllFrom(digit, "0123456789") Then Exit Do
        If direction = 1 Then DigitsAround = DigitsAround & digit Else DigitsAround = digit & DigitsAround
        at = at + direction
    Loop
End Function
