"""A speaker that says what a stored transcript says: to judge again, to demonstrate, to test."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from debate.core.contestant import Model
from debate.core.debate import Speech, Transcript
from debate.core.errors import UserError
from debate.models.protocol import Fault, OnText, ProviderError, Reply, Request

_Place = tuple[str, str, str]


def load(path: Path) -> list[Transcript]:
    """Returns the transcripts of a file, of a folder of them, or of a run's folder, sorted by file name.

    Raises:
        UserError: there is none, or one of them is no transcript.
    """
    if path.is_dir():
        folder = path / "transcripts" if (path / "transcripts").is_dir() else path
        files = sorted(folder.glob("*.json"))
    else:
        files = [path] if path.is_file() else []
    if not files:
        raise UserError(f"recorded model {path}: no transcript there; give a transcript, a folder of them or a run")
    transcripts: list[Transcript] = []
    for file in files:
        try:
            transcripts.append(Transcript.model_validate_json(file.read_bytes()))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise UserError(f"{file}: not a transcript: {where}: {first['msg']}") from error
    return transcripts


class RecordedProvider:
    """Finds a speech by motion, side and step: first in the leg the call belongs to, else in the first that has it."""

    def __init__(self, model: Model) -> None:
        self._name = model.model
        self._by_leg: dict[tuple[str, _Place], Speech] = {}
        self._by_place: dict[_Place, Speech] = {}
        for transcript in load(Path(model.model).expanduser()):
            for speech in transcript.speeches:
                place = (transcript.motion.id, speech.side, speech.step)
                self._by_leg.setdefault((f"{transcript.matchup}/{transcript.leg}", place), speech)
                self._by_place.setdefault(place, speech)

    async def ask(self, request: Request, on_text: OnText | None = None) -> Reply:
        """Returns what was said then, at once and free of charge; a call that was not answered then is not now."""
        if request.schema is not None or request.digits:
            raise ProviderError("fatal", f"recorded model {self._name} only repeats speeches; choose another judge")
        stage = request.stage
        place = (stage.motion, stage.side, stage.step)
        leg = "/".join(request.key.split("/")[:2])
        speech = self._by_leg.get((leg, place)) or self._by_place.get(place)
        if speech is None:
            what = f"{stage.side} in step {stage.step!r} on motion {stage.motion!r}"
            raise ProviderError("fatal", f"recorded model {self._name} holds nothing said by {what}")
        if speech.status != "spoken":
            fault = Fault(speech.status, f"so recorded in {self._name}")
            return Reply(request.key, speech.status, model=self._name, faults=(fault,))
        if on_text is not None:
            on_text(speech.text)
        return Reply(request.key, "ok", speech.text, model=self._name)

    async def close(self) -> None:
        """Has nothing to give back."""
