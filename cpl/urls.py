"""Addresses of the list and of the publication workbench."""

from django.urls import path, register_converter

from cpl.domain.releases import Version, parse
from cpl.views import changes, differences, downloads, feed, importing, public, templates, workbench


class VersionConverter:
    """X.YYY as the list writes it; another spelling of the same version is no address."""

    regex = r"[0-9]{1,4}\.[0-9]{1,6}"

    def to_python(self, value: str) -> Version:
        """The version; ValueError (not found) for another spelling."""
        version = parse(value)
        if version is None or str(version) != value:
            raise ValueError(value)
        return version

    def to_url(self, value: Version | str) -> str:
        """As the list writes it."""
        return str(value)


class AsItIs:
    """A part of an address that needs no other form, only a pattern."""

    def to_python(self, value: str) -> str:
        """As it is."""
        return value

    def to_url(self, value: str) -> str:
        """As it is."""
        return value


class NumberConverter(AsItIs):
    """Six digits."""

    regex = "[0-9]{6}"


class Sha256Converter(AsItIs):
    """In lower-case hexadecimal digits."""

    regex = "[0-9a-f]{64}"


register_converter(VersionConverter, "version")
register_converter(Sha256Converter, "sha256")
register_converter(NumberConverter, "number")

app_name = "cpl"
urlpatterns = [
    path("", public.home, name="home"),
    path("cpl/", public.entries, name="list"),
    path("cpl/entries/<number:number>/", public.entry, name="entry"),
    path("cpl/entries/<number:number>/<str:kind>/", changes.propose, name="propose"),
    path("cpl/versions/", public.versions, name="versions"),
    path("cpl/versions/<version:version>/", public.version, name="version"),
    path("cpl/versions/<version:earlier>/differences/<version:later>/", public.differences, name="differences"),
    path(
        "cpl/versions/<version:earlier>/differences/<version:later>/<str:filename>", differences.document, name="difference_file"
    ),
    path("cpl/verify/", public.verify, name="verify"),
    path("cpl/compare/", public.compare, name="compare"),
    path("cpl/versions/<version:version>/<str:filename>", downloads.named, name="download"),
    path("cpl/versions/<version:version>/entries/<number:number>/proof.json", downloads.proof, name="proof"),
    path("cpl/feed.atom", feed.feed, name="feed"),
    path("cpl/latest.json", downloads.current, name="current"),
    path("cpl/latest/<sha256:sha256>/latest.json", downloads.pointer, {"end": ""}, name="pointer"),
    path("cpl/latest/<sha256:sha256>/latest.json.sig", downloads.pointer, {"end": ".sig"}, name="pointer_signature"),
    path("cpl/latest.<str:suffix>", downloads.latest, name="latest"),
    path("cpl/keys.json", downloads.keychain, name="keys"),
    path("cpl/keys/release-key-<int:number>.<str:end>", downloads.release_key, name="release_key"),
    path("publications/", workbench.workbench, name="workbench"),
    path("publications/publish/", workbench.publish, name="publish"),
    path("publications/orders/<int:pk>/", workbench.order, name="order"),
    path("publications/versions/<version:version>/", workbench.published, name="published"),
    path("publications/changes/<int:pk>/", changes.change, name="change"),
    path("publications/changes/<int:pk>/approve/", changes.approve, name="approve"),
    path("publications/changes/<int:pk>/withdraw/", changes.withdraw, name="withdraw"),
    path("publications/templates/", templates.index, name="templates"),
    path("publications/templates/<int:pk>/", templates.detail, name="template"),
    path("publications/templates/<int:pk>/approve/", templates.approve, name="template_approve"),
    path("publications/templates/<int:pk>/withdraw/", templates.withdraw, name="template_withdraw"),
    path("publications/templates/<int:pk>/file/", templates.file, name="template_file"),
    path("publications/templates/<int:pk>/trial/", templates.trial, name="template_trial"),
    path("publications/import/", importing.upload, name="import"),
    path("publications/import/confirm/", importing.confirm, name="import_confirm"),
]
