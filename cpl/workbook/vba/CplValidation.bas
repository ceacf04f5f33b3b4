Attribute VB_Name = "CplValidation"
Option Explicit

' The button 'Validate New Entry' of the tab 'CPL - New Entry'.
'
' No rule stands in this macro: what each answer must look like is read from very hidden tabs, which are written when the
' workbook is published. Column I gets "OK" or what is wrong with the answer; nothing else in the workbook is changed.
' Plain VBA without references, so that it runs in Excel for Windows and for Mac and in LibreOffice.
'
' CplRules: the very hidden tabs. CplAnswers: cells and characters. CplKinds: one answer by itself. CplLinks: answers together.

Private Const FORM_TAB As String = "CPL - New Entry"
Private Const WINDOW_TITLE As String = "Validate New Entry"
Private Const COMBINATION_TITLE As String = "Device Level Version"
Private Const PASSED As String = "The new CPL entry passed validation checks"
Private Const MOST_ERRORS As Long = 4        ' that are listed: a pop-up shows about 1,000 characters in all
Private Const MOST_WARNINGS As Long = 2
Private Const LINE_LENGTH As Long = 118      ' of one of them; column I has the whole of an error

' Columns of the form
Private Const GROUP_COLUMN As Long = 1
Private Const ATTRIBUTE_COLUMN As Long = 2
Public Const ANSWER_COLUMN As Long = 7
Private Const RESULT_COLUMN As Long = 9
Private Const LAST_FORM_ROW As Long = 1000

' --- The button ------------------------------------------------------------------------------------------------------------

Public Sub ValidateNewEntry()
    Dim outcome As String
    outcome = CplRunValidation(CLng(Year(Date)) * 10000 + CLng(Month(Date)) * 100 + Day(Date))
    If combinationText <> "" Then MsgBox combinationText, vbExclamation, COMBINATION_TITLE
    If Left(outcome, Len(PASSED)) = PASSED Then
        MsgBox outcome, vbInformation, WINDOW_TITLE
    Else
        MsgBox outcome, vbExclamation, WINDOW_TITLE
    End If
End Sub

' The whole check without a pop-up: what the pop-up would say. The day is given as yyyymmdd.
Public Function CplRunValidation(ByVal onDay As Long) As String
    Dim form As Object, wrong As String, locked As Boolean
    On Error GoTo failed
    combinationText = ""
    todayNumber = onDay
    Set form = FormTab()
    If form Is Nothing Then
        wrong = "The tab '" & FORM_TAB & "' is missing or has been renamed. Give it its name back, then try again."
    ElseIf Not RulesAreThere() Then
        wrong = "The rules are missing from this workbook. Start again from the latest CPL workbook."
    Else
        LoadRules
        wrong = FindRows(form)
    End If
    CplRunValidation = wrong
    If wrong <> "" Then Exit Function
    ReadAnswers form
    CheckAnswers
    locked = form.ProtectContents
    If locked Then form.Unprotect ""
    WriteResults form
    CplRunValidation = PopUpText()
tidy:
    On Error Resume Next
    If locked Then LockForm form
    Exit Function
failed:
    CplRunValidation = "The check could not be finished (" & Err.Number & ": " & Err.Description & "). " & _
        "Save the form, close every other copy of it, and try again."
    Resume tidy
End Function

' The warning about Device Level Versioning that the last check had for the user, or nothing.
Public Function CplCombinationWarning() As String
    CplCombinationWarning = combinationText
End Function

' Locked as it was published: columns and rows may be made wider and taller.
Private Sub LockForm(ByVal form As Object)
    form.Protect "", True, True, True, False, False, True, True
End Sub

' --- The form --------------------------------------------------------------------------------------------------------------

Private Function FormTab() As Object
    Dim sheet As Object
    Set sheet = FindTab(FORM_TAB)
    If sheet Is Nothing Then Set sheet = FindTab(Replace(FORM_TAB, "-", ChrW(8211)))
    Set FormTab = sheet
End Function

' The row of each data item by its Data Group and Data Attribute. An answer only when the form cannot be used.
Private Function FindRows(ByVal form As Object) As String
    Dim item As Long, place As Long, lastRow As Long, key As String
    Dim keys(1 To LAST_FORM_ROW) As String
    lastRow = form.UsedRange.Row + form.UsedRange.Rows.Count    ' the row below is empty
    If lastRow > LAST_FORM_ROW Then lastRow = LAST_FORM_ROW
    For place = 1 To lastRow
        keys(place) = Label(form.Cells(place, GROUP_COLUMN).Value) & "." & Label(form.Cells(place, ATTRIBUTE_COLUMN).Value)
    Next place
    For item = 1 To itemCount
        formRow(item) = 0
        key = LCase(KeyOf(item))
        For place = 1 To lastRow
            If keys(place) = key Then
                If formRow(item) <> 0 Then
                    FindRows = "The data item " & KeyOf(item) & " stands on the form twice, in rows " & formRow(item) & _
                        " and " & place & ". Start again from the latest CPL workbook."
                    Exit Function
                End If
                formRow(item) = place
            End If
        Next place
    Next item
End Function

' A label as labels are compared.
Private Function Label(ByVal written As Variant) As String
    If Not IsError(written) Then Label = LCase(Trimmed(CStr(written)))
End Function

' --- Checks ----------------------------------------------------------------------------------------------------------------

Private Sub CheckAnswers()
    Dim item As Long
    FindProfile
    For item = 1 To itemCount
        If usable(item) Then CheckItem item
    Next item
    CheckCombination
    CheckCertificate
    CheckImage
    CheckPath
End Sub

' What decides which data items a Device Model needs.
Private Sub FindProfile()
    Dim version As String, column As Long
    version = LCase(AnswerOf("version"))
    smets1 = (version = LCase(Say("set.smets1")))
    If version = "" Then smets1 = (LCase(AnswerOf("gbcs")) = LCase(Say("set.smets1_gbcs")))
    hasHash = (AnswerOf("hash") <> "")
    deviceRow = RowOf(devices, AnswerOf("device"))
    needsColumn = RULE_UNKNOWN
    For column = RULE_UNKNOWN To UBound(rules, 2)
        If CStr(rules(1, column)) = AnswerOf("device") Then needsColumn = column
    Next column
    needsPlace = 1
    If hasHash Then needsPlace = needsPlace + 1
    If smets1 Then needsPlace = needsPlace + 2
End Sub

' F: must be filled in. E: must be empty. O: may be either. U: nobody can say yet.
Public Function Need(ByVal item As Long) As String
    Need = Mid(Rule(item, needsColumn), needsPlace, 1)
End Function

Private Sub CheckItem(ByVal item As Long)
    Dim problem As String
    If answer(item) = "" Then
        If Need(item) = "F" Then AddError item, Slot(Say("empty"), "condition", Rule(item, RULE_CONDITION)), ""
        Exit Sub
    End If
    If Need(item) = "E" And Not Flagged(item, IMAGE_ITEM) Then
        AddError item, Slot(Say("not_empty"), "condition", Rule(item, RULE_CONDITION)), ""
        Exit Sub
    End If
    problem = CharacterProblem(item, answer(item))
    If problem <> "" Then
        AddError item, problem, ""
        Exit Sub
    End If
    AddError item, FormProblem(item, answer(item)), ""
    Select Case Rule(item, RULE_KIND)
        Case "names", "telephones", "emails"
            CountContacts item
    End Select
End Sub

Private Sub CountContacts(ByVal item As Long)
    Dim count As Long
    count = PartCount(answer(item))
    If count > Setting("set.most_contacts") Then
        AddWarning item, Slot(Slot(Say("contacts"), "count", CStr(count)), "most", Say("set.most_contacts")), ""
    End If
End Sub

' --- Results ---------------------------------------------------------------------------------------------------------------

Private Function Whole(ByVal item As Long, ByVal text As String, ByVal section As String) As String
    If section = "" Then section = Rule(item, RULE_GUIDANCE)
    Whole = Slot(Slot(Say("whole"), "guidance", section), "text", text)
End Function

Public Sub AddError(ByVal item As Long, ByVal text As String, ByVal section As String)
    If text <> "" Then errorText(item) = Trim(errorText(item) & " " & Whole(item, text, section))
End Sub

Public Sub AddWarning(ByVal item As Long, ByVal text As String, ByVal section As String)
    warningText(item) = Trim(warningText(item) & " " & Whole(item, text, section))
End Sub

Private Sub WriteResults(ByVal form As Object)
    Dim item As Long
    For item = 1 To itemCount
        If formRow(item) <> 0 Then
            With form.Cells(formRow(item), RESULT_COLUMN)
                If errorText(item) = "" Then
                    .Value = "OK"
                    .Font.Color = RGB(0, 0, 0)
                Else
                    .Value = errorText(item)
                    .Font.Color = RGB(255, 0, 0)
                End If
            End With
        End If
    Next item
End Sub

' What the pop-up says.
Private Function PopUpText() As String
    Dim item As Long, wrong As Long, doubtful As Long, text As String
    For item = 1 To itemCount
        If errorText(item) <> "" Then wrong = wrong + 1
        If warningText(item) <> "" Then doubtful = doubtful + 1
    Next item
    text = PASSED
    If wrong <> 0 Then
        text = wrong & " of " & itemCount & " data items must be corrected. Column I says how, in red." & Lines(True, MOST_ERRORS)
    End If
    If doubtful <> 0 Then
        text = text & vbLf & vbLf & "Please look at this once more (" & doubtful & "). It does not stop the entry, " & _
            "but SECAS has to decide about it." & Lines(False, MOST_WARNINGS)
    End If
    PopUpText = text
End Function

Private Function Lines(ByVal forErrors As Boolean, ByVal most As Long) As String
    Dim item As Long, text As String, count As Long
    For item = 1 To itemCount
        text = IIf(forErrors, errorText(item), warningText(item))
        If text <> "" Then
            text = KeyOf(item) & ": " & text
            If formRow(item) <> 0 Then text = "G" & formRow(item) & " " & text
            text = vbLf & "- " & text
            If Len(text) > LINE_LENGTH Then text = Left(text, LINE_LENGTH - 3) & "..."
            count = count + 1
            If count <= most Then Lines = Lines & text
        End If
    Next item
    If count > most Then Lines = Lines & vbLf & "... and " & count - most & " more"
End Function

' Everything the last check had to say, for who looks into the macro: errors or warnings of one data item.
Public Function CplMessage(ByVal item As Long, ByVal ofErrors As Boolean) As String
    CplMessage = IIf(ofErrors, errorText(item), warningText(item))
End Function
