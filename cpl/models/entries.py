"""What each entry of the list said, from one release to another."""

from typing import Any

from django.db import models
from django.db.models import Q

from cpl.domain import entry as rules
from cpl.domain import merkle
from cpl.domain.entry import ListedEntry

CURRENT = "Current"
REMOVED = "Removed"


class EntryRowQuerySet(models.QuerySet["EntryRow"]):
    """Rows as ranges of release serials."""

    def at(self, serial: int) -> "EntryRowQuerySet":
        """The list as release number `serial` published it."""
        return self.filter(Q(to_serial__isnull=True) | Q(to_serial__gt=serial), from_serial__lte=serial)

    def open(self) -> "EntryRowQuerySet":
        """The list as it stands now."""
        return self.filter(to_serial__isnull=True)


class EntryRow(models.Model):
    """Values of one entry number from release `from_serial` up to, not including, `to_serial`. Rows are closed, never edited.

    `values` holds the published text of every data item by key, byte for byte; `kinds` names those that the workbook
    keeps as a date or a number. The other columns are derived from them for look-ups.
    """

    number = models.CharField(max_length=6)
    from_serial = models.PositiveIntegerField()
    to_serial = models.PositiveIntegerField(null=True, blank=True)
    status = models.CharField(max_length=7, choices=[(CURRENT, CURRENT), (REMOVED, REMOVED)])
    values = models.JSONField()
    kinds = models.JSONField(default=dict, blank=True)
    designation = models.CharField("plain-English name", max_length=200, blank=True)

    device_type = models.CharField(max_length=50, db_index=True)
    manufacturer = models.CharField("manufacturer identifier", max_length=20)
    model = models.CharField("model identifier", max_length=20)
    firmware = models.CharField("firmware version", max_length=40)
    device_key = models.CharField(max_length=64, db_index=True)
    twin_key = models.CharField(max_length=64)
    image_hash = models.CharField(max_length=100, blank=True, db_index=True)
    cpa_core = models.CharField(max_length=40, blank=True, db_index=True)
    creator = models.CharField(max_length=400, blank=True)
    search_text = models.TextField(blank=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of its leaf in the hash tree over a release.")

    objects = EntryRowQuerySet.as_manager()

    class Meta:
        ordering = ["number", "from_serial"]
        constraints = [
            models.UniqueConstraint(fields=["number"], condition=Q(to_serial__isnull=True), name="one_open_row_a_number"),
            models.UniqueConstraint(fields=["number", "from_serial"], name="one_row_a_number_and_release"),
            models.UniqueConstraint(
                fields=["twin_key"], condition=Q(to_serial__isnull=True, status=CURRENT), name="one_current_entry_a_device_model"
            ),
            models.CheckConstraint(
                condition=Q(to_serial__isnull=True) | Q(to_serial__gt=models.F("from_serial")), name="row_ends_after_it_began"
            ),
        ]
        indexes = [
            models.Index(fields=["manufacturer", "model"], name="entry_maker_model"),
            models.Index(fields=["manufacturer", "creator"], condition=Q(to_serial__isnull=True), name="entry_maker_creator"),
            models.Index(fields=["from_serial"], name="entry_from"),
            models.Index(fields=["to_serial"], name="entry_to"),
            models.Index(fields=["number", "from_serial", "to_serial", "digest"], name="entry_tree"),
            models.Index(fields=["status", "device_type", "number"], name="entry_page"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def hardware(self) -> str:
        """Hardware version and revision, "01 00"."""
        return " ".join(self._tidy(key) for key in (rules.HARDWARE_VERSION, rules.HARDWARE_REVISION))

    @property
    def smets_chts(self) -> str:
        """SMETS or CHTS version without blanks around."""
        return self._tidy(rules.SMETS_CHTS)

    @property
    def gbcs(self) -> str:
        """GBCS version without blanks around and without the words that every value begins with."""
        return self._tidy(rules.GBCS).removeprefix("GBCS Version").strip()

    @property
    def plain_name(self) -> str:
        """The plain-English name that somebody gave it; "" where it only repeats what the form says."""
        return "" if self.designation == rules.formal_name(self.device_type, self.manufacturer, self.model) else self.designation

    def _tidy(self, key: str) -> str:
        return str(self.values.get(key, "")).strip()

    @classmethod
    def build(
        cls, number: str, status: str, values: dict[str, str], from_serial: int, kinds: dict[str, str] | None = None, **more: Any
    ) -> "EntryRow":
        """An unsaved row with all look-up columns derived from `values`."""
        kinds = kinds or {}
        tidy = {key: value.strip() for key, value in values.items()}
        return cls(
            number=number,
            status=status,
            values=values,
            kinds=kinds,
            from_serial=from_serial,
            digest=merkle.digest(merkle.leaf_of(number, status, values, kinds)).hex(),
            device_type=tidy.get("Device_Type.name", ""),
            manufacturer=tidy.get("Device_Model.manufacturer_identifier", ""),
            model=tidy.get("Device_Model.model_identifier", ""),
            firmware=tidy.get("Device_Model.firmware_version", ""),
            device_key=rules.device_key(values),
            twin_key=rules.twin_key(values),
            image_hash=tidy.get("Manufacturer_Image.hash", ""),
            cpa_core=rules.cpa_core(tidy.get("CPA_Certificate.identification_number", "")),
            creator=tidy.get("Manufacturer_Image.creator", ""),
            search_text="\n".join(
                [number, *(tidy[key].lower() for key in sorted(tidy) if tidy[key]), more.get("designation", "").lower()]
            ),
            **more,
        )

    def as_listed(self) -> ListedEntry:
        """The pure form that rules work on."""
        return ListedEntry(number=self.number, status=self.status, values=self.values)
