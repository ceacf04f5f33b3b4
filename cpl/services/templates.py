"""The template that a release is written with: kept in the vault by its hash, which the release remembers."""

from core import vault
from cpl.domain.dictionary import RuleSet
from cpl.models import Release
from cpl.workbook import template
from cpl.workbook.template import Template


def kept(rules: RuleSet) -> str:
    """The SHA-256 of the template that the next release of a rule set is written with; its bytes are in the vault."""
    return vault.put(template.package(rules))


def opened(sha256: str, rules: RuleSet) -> Template:
    """The template of that hash. Raises vault.Missing or vault.Damaged."""
    return template.opened(vault.read(sha256), rules)


def of(release: Release, rules: RuleSet) -> Template:
    """The template a release was written with; for one taken over, which has none, that of today. Raises as `opened`."""
    return opened(release.template_sha256, rules) if release.template_sha256 else template.build(rules)
