"""The mailing list, open to everybody, and the mail log for staff."""

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access
from core.admin_tools import CappedPaginator
from notifications import selectors, subscriptions
from notifications.forms import MailLogFilter, SubscribeForm, kind_label
from notifications.models import Message

PER_PAGE = 50
PAGES = {  # where a reference leads to, and what stands on the link
    "submission": ("cases:case", "{}"),
    "receipt": ("cases:receipt", "Receipt {}"),
    "release": ("cpl:version", "Version {}"),
}
TAGS = {Message.State.SENT: "pass", Message.State.FAILED: "fail", Message.State.QUEUED: "info"}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def subscribe(request: HttpRequest) -> HttpResponse:
    """Ask to hear of new versions. The answer is the same for every address; what is known of it goes to its mailbox alone."""
    form = SubscribeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        subscriptions.ask(form.cleaned_data["email"])
        return redirect("notifications:asked")
    return render(request, "notifications/subscribe.html", {"form": form}, status=422 if form.errors else 200)


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """Look into your mailbox."""
    return render(request, "notifications/asked.html")


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The address agrees by a button, not by opening the link: mail scanners open every link."""
    if request.method != "POST":
        return render(request, "notifications/confirm.html")
    done = subscriptions.confirm(token)
    return render(request, "notifications/confirmed.html", {"done": done}, status=200 if done else 410)


@csrf_exempt  # the mail program of the reader posts here by itself (RFC 8058); the token is the proof
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Leave the mailing list; an unknown token gets the same answer."""
    if request.method == "POST":
        subscriptions.end(token)
    return render(request, "notifications/unsubscribe.html", {"done": request.method == "POST"})


@dataclass(frozen=True, slots=True)
class LogLine:
    """One mail as the log shows it."""

    message: Message

    @property
    def kind(self) -> str:
        return kind_label(self.message.kind)

    @property
    def tag(self) -> str:
        return TAGS[Message.State(self.message.state)]

    @property
    def text(self) -> str:
        """The body, unless it holds a link that acts for its reader."""
        hidden = self.message.kind in selectors.PRIVATE_KINDS
        return "Not shown: it holds a link for the reader alone." if hidden else self.message.body

    @property
    def url(self) -> str:
        """The page of what the mail is about, where there is one."""
        sort, _, name = self.message.regarding.partition(":")
        try:
            return reverse(PAGES[sort][0], args=[name])
        except (KeyError, NoReverseMatch):
            return ""

    @property
    def about(self) -> str:
        """What the mail is about, in the words of the pages."""
        sort, _, name = self.message.regarding.partition(":")
        return PAGES[sort][1].format(name) if sort in PAGES else self.message.regarding


@require_safe
@access.access_required(access.Action.READ_MAIL_LOG)
def mail_log(request: HttpRequest) -> HttpResponse:
    """Every mail of this site, newest first, with what became of it."""
    form = MailLogFilter(request.GET, kinds=selectors.kinds())
    chosen = form.cleaned_data if form.is_valid() else {"q": "", "kind": "", "state": ""}
    found = selectors.messages(chosen["q"].strip(), chosen["kind"], chosen["state"])
    page = CappedPaginator(found, PER_PAGE).get_page(request.GET.get("page"))
    lines = [LogLine(message) for message in page.object_list]
    narrowed = any(chosen.values())
    return render(request, "notifications/mail_log.html", {"form": form, "page": page, "lines": lines, "narrowed": narrowed})
