"""People, organisations and SSC seats in the records pages. Nobody sets another's password or changes their own rights."""

from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import Group
from django.db.models import QuerySet
from django.http import HttpRequest
from simple_history.admin import SimpleHistoryAdmin

from accounts import access, services
from accounts.models import MailDomain, Organisation, SscMembership, User

# Addresses live on the person, second factors stay secret, and the roles are fixed: these apps offer them, this site does not.
for app in ("allauth.account", "allauth.mfa", "django.contrib.auth"):
    import_module(f"{app}.admin")
HIDDEN = (EmailAddress, EmailConfirmation, Authenticator, Group)
admin.site.unregister([model for model in HIDDEN if admin.site.is_registered(model)])


class KeptForever:
    """What the audit trail speaks of is switched off, not deleted."""

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MailDomainInline(admin.StackedInline):
    model = MailDomain
    extra = 0


@admin.register(Organisation)
class OrganisationAdmin(KeptForever, SimpleHistoryAdmin):
    list_display = ("name", "kind", "is_sec_party")
    list_filter = ("kind", "is_sec_party")
    search_fields = ("name", "domains__name")
    inlines = (MailDomainInline,)


class SscMembershipInline(KeptForever, admin.StackedInline):
    """Seats of one person; the declaration is accepted by the member alone."""

    model = SscMembership
    extra = 0
    readonly_fields = ("declaration_accepted_at",)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_add_permission(request, obj) and obj is not None and obj.pk != request.user.pk

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.pk != request.user.pk)


class PersonForm(forms.ModelForm):
    """A person without a password field."""

    class Meta:
        model = User
        fields = ("name", "email", "organisation", "groups", "is_active")
        labels = {"groups": "Roles"}
        widgets = {"groups": forms.CheckboxSelectMultiple}
        help_texts = {
            "email": "A new person begins with the link below the button of the sign-in page.",
            "groups": (
                "Analysts work on cases; approvers approve and publish, too. Security experts and auditors read cases. "
                "Administrators keep people, reference data and trusted authorities. SEC Parties and the DCC read the FIR, "
                "SSC members with a seat the DZIR. Nobody can change their own roles."
            ),
        }


@admin.register(User)
class UserAdmin(KeptForever, SimpleHistoryAdmin):
    form = PersonForm
    list_display = ("name", "email", "organisation", "role_names", "is_active", "last_login")
    list_filter = ("is_active", "groups", "organisation")
    search_fields = ("name", "email")
    inlines = (SscMembershipInline,)
    actions = ("send_password_link", "remove_second_factor")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        return super().get_queryset(request).select_related("organisation").prefetch_related("groups")

    @admin.display(description="Roles")
    def role_names(self, user: User) -> str:
        return ", ".join(group.name for group in user.groups.all()) or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        return ("groups", "is_active") if obj is not None and obj.pk == request.user.pk else ()

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Ticks instead of the two-column picker, which needs scripts."""
        kwargs["widget"] = forms.CheckboxSelectMultiple()
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        field.widget = forms.CheckboxSelectMultiple(choices=field.choices)
        return field

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.set_unusable_password()
        obj.clean()
        super().save_model(request, obj, form, change)
        old_address = form.initial.get("email") if "email" in form.changed_data and change else None
        services.note_change(access.person(request), obj, form.changed_data, old_address)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "groups" in form.changed_data:
            services.roles_changed(access.person(request), form.instance)

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        super().save_formset(request, form, formset, change)
        for membership in (*formset.new_objects, *(changed for changed, _ in formset.changed_objects)):
            services.membership_changed(access.person(request), membership)

    @admin.action(description="Send a link to choose a password", permissions=["change"])
    def send_password_link(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset.filter(is_active=True):
            services.send_password_link(request, user)
            self.message_user(request, f"A link is on its way to {user.email}.", messages.SUCCESS)

    @admin.action(description="Take the second factor away (lost phone)", permissions=["change"])
    def remove_second_factor(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        actor = access.person(request)
        for user in queryset.exclude(pk=actor.pk):
            services.remove_second_factor(actor, user)
            self.message_user(request, f"{user} sets up a new second factor at the next sign-in.", messages.SUCCESS)
