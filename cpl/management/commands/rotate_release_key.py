"""`manage.py rotate_release_key`: a new key signs releases from now on, and the old one says so."""

from collections.abc import Collection
from typing import Any

from django.core.management.base import CommandParser

from core import crypto
from cpl import selectors
from cpl.management.command import Tool, Unusable
from cpl.models import ReleaseKey
from cpl.services import keys


class Command(Tool):
    """Exit code 0: the new key is in force. 2: a key is missing, with what to do.

    Killed at any point, the site goes on with one key or the other, and a second run ends what the first began.
    """

    help = "Puts a new release key in force by a statement that the key before it signs. Run it where the release key is."

    def add_arguments(self, parser: CommandParser) -> None:
        """The one option."""
        parser.add_argument(
            "--old-key-lost",
            action="store_true",
            help="begin anew, without the signature of the old key: nobody who trusts the old key is led to the new one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """End what an earlier run left, or rotate."""
        try:
            old, held = keys.at_hand()
        except crypto.NoPrivateKey as fault:
            raise Unusable(str(fault)) from None
        if self._clear_away(old, held):
            return
        if old.key_id not in held and not options["old_key_lost"]:
            raise Unusable(
                f"The private half of key {old.key_id} is not here, so it cannot sign for its successor. If it is lost or in "
                "wrong hands, --old-key-lost begins anew; everybody must then be given the new fingerprint in another way."
            )
        known = set(selectors.release_keys().values_list("key_id", flat=True))
        new = next((name for name in held if name not in known), None) or self._another()
        self._tell(keys.rotate(new, old_lost=options["old_key_lost"]))
        self._clear_away(*keys.at_hand())

    def _another(self) -> str:
        if crypto.own_release_keys():
            return crypto.make_release_key()
        raise Unusable(
            "CPL_RELEASE_KEY has no new key. Put one behind the key in force (openssl genpkey -algorithm ed25519 >> FILE), start "
            "the publisher anew, and run this again."
        )

    def _tell(self, key: ReleaseKey) -> None:
        self.stdout.write(f"Key {key.key_id} is in force for every release after serial {key.last_serial}.")
        self.stdout.write(f"Its fingerprint, to give to others: {key.fingerprint}")
        if not key.old_signature_sha256:
            self.stdout.write("The old key does not vouch for it: everybody has to be given the new fingerprint in another way.")

    def _clear_away(self, current: ReleaseKey, held: Collection[str]) -> bool:
        """Have the held keys from before the one in force set aside; whether there were any."""
        before = selectors.release_keys().filter(number__lt=current.number, key_id__in=held)
        retired = list(before.values_list("key_id", flat=True))
        for name in retired:
            if not crypto.own_release_keys():
                self.stdout.write(
                    f"Now take key {name} out of CPL_RELEASE_KEY, start the publisher anew, and destroy every copy of it."
                )
            elif path := crypto.set_aside(name):
                self.stdout.write(f"The old private key is now {path}. Nothing needs it any more: destroy it and every copy.")
        return bool(retired)
