"""What the platform sends down, obeyed: every payload gives replies, none an exception.

MAP, RSI, RSM and SPAT become records for the pipeline once each frame of the payload decodes strictly as that message;
CONFIG and MNG change what is uploaded and how often the unit reports, and are kept; what this unit does not do (OTA, log
upload, another platform address) is refused with a reason.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import msgspec

from rsu.errors import CodecError, SourceError, StoreError
from rsu.schema import Schema
from rsu.sources.live.base import Heard
from rsu.uplink import forms
from rsu.uplink.down import frames_of
from rsu.uplink.forms import Acknowledgement
from rsu.uplink.its0117 import EVERYBODY, KINDS
from rsu.uplink.keeping import Kept, save
from rsu.uplink.topics import Order, Topics

SOURCE = "mqtt"
REASON_CHARACTERS_MAX = 256
DONE, UNREADABLE, INVALID, NOT_HERE, BUSY = range(5)

#: errorCode of an acknowledgement → meaning; 0 is published, the others are ours.
ERROR_CODES: Mapping[int, str] = MappingProxyType(
    {
        DONE: "done",
        UNREADABLE: "the payload cannot be read",
        INVALID: "the message in it does not decode, or is of another kind",
        NOT_HERE: "this unit does not do that",
        BUSY: "the unit cannot take it now: send it again later",
    }
)

Deliver = Callable[[Heard], bool | None]


class Refusal(Exception):
    """An order that is not obeyed: errorCode and reason."""

    def __init__(self, code: int, reason: str) -> None:
        self.code = code
        self.reason = reason
        super().__init__(reason)


class Reply(NamedTuple):
    """What follows from an order.

    :param messages: (topic, payload) to publish.
    :param changed: what the unit says about itself is another now.
    :param restart: the unit is to start again, after the messages are out.
    """

    messages: tuple[tuple[str, bytes], ...] = ()
    changed: bool = False
    restart: bool = False


class Orders:
    """Obeys for one unit.

    :param esn: its id in JSON messages; ``number``: rsuId of the binary form.
    :param standard: of messages without a header.
    :param kept: what was ordered before; the orders are saved at ``path``.
    :param deliver: takes a record for the pipeline; False: it cannot now.
    :param answer: InfoValue and the moment for INFOQuery.
    :param can_restart: whether MNG's reboot is obeyed.
    """

    def __init__(
        self,
        topics: Topics,
        esn: str,
        number: bytes,
        schema: Schema,
        standard: str,
        path: Path,
        kept: Kept,
        deliver: Deliver,
        answer: Callable[[forms.QueryDown], forms.Response],
        *,
        can_restart: bool = False,
    ) -> None:
        self.kept = kept
        self.counts: Counter[tuple[str, str]] = Counter()
        self.acknowledged: forms.SequenceNumber | None = None
        self._topics = topics
        self._esn = esn
        self._number = number
        self._schema = schema
        self._standard = standard
        self._path = path
        self._deliver = deliver
        self._answer = answer
        self._can_restart = can_restart

    def obey(self, topic: str, payload: bytes, now_ns: int, *, retained: bool = False) -> Reply:
        """The replies to one payload; counted in ``counts`` by kind and result."""
        order = self._topics.order(topic)
        if order is None:
            self.counts["unknown", "ignored"] += 1
            return Reply()
        number = sequence_in(payload)
        try:
            reply, result = self._obey(order, topic, payload, now_ns, retained), "done"
        except Refusal as refusal:
            reply = Reply(self._acknowledged(order, number, refusal.code, refusal.reason))
            result = "refused"
        except _NotForUs:
            reply, result = Reply(), "for others"
        self.counts[order.name, result] += 1
        return reply

    def _obey(self, order: Order, topic: str, payload: bytes, now_ns: int, retained: bool) -> Reply:
        try:
            if order.name in KINDS:
                return self._take_messages(order, topic, payload, now_ns)
            head = forms.read(forms.OtherDown, payload)
            if head.rsuEsn not in ("", self._esn):
                raise _NotForUs
            match order.name:
                case "CONFIG":
                    return self._configure(order, payload, head)
                case "MNG":
                    return self._manage(order, payload, head, retained)
                case "INFOQuery":
                    query = forms.read(forms.QueryDown, payload)
                    return Reply(((self._topics.response, forms.write(self._answer(query))),))
                case "INFO":
                    self.acknowledged = forms.read(Acknowledgement, payload).seqNum
                    return Reply()
        except SourceError as error:
            raise Refusal(UNREADABLE, str(error)) from error
        raise Refusal(NOT_HERE, f"{order.name} is not done by this unit")

    def _take_messages(self, order: Order, topic: str, payload: bytes, now_ns: int) -> Reply:
        try:
            down = frames_of(KINDS[order.name], payload, self._schema, self._standard)
        except CodecError as error:
            raise Refusal(INVALID, str(error)) from error
        if down.order.rsuEsn not in ("", self._esn) or down.number not in (b"", EVERYBODY, self._number):
            raise _NotForUs
        meta: dict[str, str | int | float] = {"broadcast": 1, "topic": topic}
        for place, frame in enumerate(down.frames):
            heard = Heard(SOURCE, now_ns, frame, "uu", header="none", standard=self._standard, meta=meta)
            if self._deliver(heard) is False:
                raise Refusal(BUSY, f"{ERROR_CODES[BUSY]}: {place} of {len(down.frames)} messages were taken")
        wanted = down.order.ack or bool(down.number)  # the binary form cannot say that it wants one
        return Reply(self._acknowledged(order, down.order.seqNum) if wanted else ())

    def _configure(self, order: Order, payload: bytes, head: forms.OtherDown) -> Reply:
        config = forms.read(forms.ConfigDown, payload)
        self._keep(msgspec.structs.replace(self.kept, config=config))
        return Reply(self._acknowledged(order, head.seqNum) if head.ack else (), changed=True)

    def _manage(self, order: Order, payload: bytes, head: forms.OtherDown, retained: bool) -> Reply:
        wish = forms.read(forms.ManageDown, payload)
        if wish.addressChg is not None and wish.addressChg.cssUrl:
            raise Refusal(NOT_HERE, "addressChg: the platform's address stands in rsu.toml, [mqtt] host")
        digest = hashlib.sha256(payload).hexdigest()
        restart = wish.reboot in (1, "reboot") and not retained and digest != self.kept.restarted_for
        if restart and not self._can_restart:
            raise Refusal(NOT_HERE, "reboot: this unit is not started by anything that would start it again")
        changes = {"heartbeat_s": wish.hbRate, "running_info_s": wish.runningInfoRate}
        kept = msgspec.structs.replace(self.kept, **{key: rate for key, rate in changes.items() if rate is not None})
        if restart and wish.timestamp:  # without one, two orders cannot be told from one that comes twice
            kept = msgspec.structs.replace(kept, restarted_for=digest)
        self._keep(kept)
        left = [key for key in ("logLevel", "extendConfig") if getattr(wish, key)]
        note = f"not changed from here: {', '.join(left)}" if left else ""
        return Reply(self._acknowledged(order, head.seqNum, DONE, note) if head.ack else (), restart=restart)

    def _keep(self, kept: Kept) -> None:
        try:
            save(self._path, kept)
        except StoreError as error:
            raise Refusal(BUSY, str(error)) from error
        self.kept = kept

    def _acknowledged(
        self, order: Order, number: forms.SequenceNumber | None, code: int = DONE, reason: str = ""
    ) -> tuple[tuple[str, bytes], ...]:
        if not order.ack:
            return ()
        text = reason[:REASON_CHARACTERS_MAX]
        return ((order.ack, forms.write(Acknowledgement(seqNum=number, errorCode=code, errorDesc=text))),)


class _NotForUs(Exception):
    """An order to another unit."""


def sequence_in(payload: bytes) -> forms.SequenceNumber | None:
    """The seqNum of a payload whose rest may be wrong."""
    try:
        return forms.read(_OnlySequence, payload).seqNum
    except SourceError:
        return None


class _OnlySequence(msgspec.Struct):
    seqNum: forms.SequenceNumber | None = None
