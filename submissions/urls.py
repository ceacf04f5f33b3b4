"""Addresses of the cases."""

from django.urls import path

from submissions.views import case, papers, queue, receipts, report

app_name = "cases"

urlpatterns = [
    path("", queue.queue, name="queue"),
    path("own/", queue.own, name="own"),
    path("receive/", receipts.receive, name="receive"),
    path("receipts/", receipts.receipts, name="receipts"),
    path("receipts/<int:number>/", receipts.receipt, name="receipt"),
    path("receipts/<int:number>/handle/", receipts.handle, name="handle"),
    path("receipts/<int:number>/raw/", receipts.raw, name="raw"),
    path("<str:reference>/", case.show, name="case"),
    path("<str:reference>/do/<str:name>/", case.act, name="act"),
    path("<str:reference>/decide/<int:finding>/", case.decide, name="decide"),
    path("<str:reference>/papers/", papers.attach, name="attach"),
    path("<str:reference>/papers/<int:number>/", papers.document, name="document"),
    path("<str:reference>/papers/<int:number>/kind/", papers.classify, name="classify"),
    path("<str:reference>/revise/", papers.revise, name="revise"),
    path("<str:reference>/revisions/<int:number>/workbook/", papers.workbook, name="workbook"),
    path("<str:reference>/revisions/<int:number>/stack/", papers.stack, name="stack"),
    path("<str:reference>/report/", report.html, name="report"),
    path("<str:reference>/report.pdf", report.pdf, name="report_pdf"),
]
