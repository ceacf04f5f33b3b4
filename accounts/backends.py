"""What each role may look at and change in the records pages (Django's admin). Everything else asks accounts.access."""

from fnmatch import fnmatchcase
from typing import Any

from django.contrib.auth.backends import ModelBackend

from accounts.access import roles_of
from accounts.models import Role

CASEWORK = (
    "submissions.view_*",
    "submissions.add_document",
    "submissions.change_document",
    "certificates.view_*",
    "certificates.add_*",
    "certificates.change_*",
    "cpl.view_*",
    "notifications.view_*",
)
REFERENCE = ("selectionvalue", "devicelevelversion")
# Patterns of Django permissions, "app.verb_model". The RED table (repositories.StackRecord) is in none of them.
RECORDS: dict[Role, tuple[str, ...]] = {
    Role.ANALYST: CASEWORK,
    Role.APPROVER: CASEWORK,
    Role.SECURITY_EXPERT: ("submissions.view_*", "certificates.view_*", "cpl.view_*", "repositories.view_firentry"),
    Role.ADMINISTRATOR: (
        "accounts.*",
        "axes.view_*",
        "axes.delete_accessattempt",
        "core.*_closedday",
        "core.view_outboxevent",
        "core.change_outboxevent",
        "cpl.view_*",
        *(f"cpl.{verb}_{model}" for model in REFERENCE for verb in ("add", "change")),
    ),
    Role.AUDITOR: (
        *(f"{app}.view_*" for app in ("accounts", "axes", "certificates", "core", "cpl", "notifications", "submissions")),
        "repositories.view_firentry",
        "repositories.view_export",
    ),
    Role.SEC_PARTY: (),
    Role.DCC: (),
    Role.SSC_MEMBER: (),
}


class RoleBackend(ModelBackend):
    """Signs nobody in; answers Django's permission questions from the roles."""

    def authenticate(self, request: Any, username: str | None = None, password: str | None = None, **kwargs: Any) -> None:
        return None

    def has_perm(self, user_obj: Any, perm: str, obj: Any = None) -> bool:
        return obj is None and any(fnmatchcase(perm, pattern) for pattern in _patterns(user_obj))

    def has_module_perms(self, user_obj: Any, app_label: str) -> bool:
        return any(fnmatchcase(app_label, pattern.partition(".")[0]) for pattern in _patterns(user_obj))

    def get_all_permissions(self, user_obj: Any, obj: Any = None) -> set[str]:
        return set()


def _patterns(user: Any) -> list[str]:
    """Read once for each person loaded, that is once a request: one page of the admin asks some hundred times."""
    if not hasattr(user, "_records_patterns"):
        user._records_patterns = [pattern for role in roles_of(user) for pattern in RECORDS[role]]
    return user._records_patterns
