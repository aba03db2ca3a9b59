"""Packs: what is accepted, where they are found, and what is said of each mistake."""

from __future__ import annotations

import datetime as dt
import re
import time
from pathlib import Path

import pytest

from debate import content
from debate.core.errors import UserError
from debate.motions.bank import load_packs

GOOD = """
category: law
licence: CC-BY-4.0
source: A club
released: 2026-11-21
motions:
  - id: juries
    text: {en: This house would abolish juries, zh: 本院将废除陪审团制度}
    type: policy
    info:
      en: |
        First line.
        Second line.
  - id: 12
    text: This house would
      legalise   jaywalking
    category: society
    secondary: [law, politics]
    released:
"""


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_gives_its_motions_defaults(tmp_path: Path) -> None:
    first, second = load_packs([str(write(tmp_path, "club.yaml", GOOD))], [])
    assert first.id == "juries"
    assert first.text == {"en": "This house would abolish juries", "zh": "本院将废除陪审团制度"}
    assert first.info == {"en": "First line.\nSecond line."}
    assert (first.category, first.licence, first.source) == ("law", "CC-BY-4.0", "A club")
    assert first.released == dt.date(2026, 11, 21)
    assert (second.id, second.text) == ("12", {"en": "This house would legalise jaywalking"})
    assert (second.category, second.secondary, second.type) == ("society", ("law", "politics"), "policy")


def test_a_flat_list_is_a_pack(tmp_path: Path) -> None:
    path = write(tmp_path, "flat.yml", "- {id: no, text: This house would rest, category: law, type: value}\n")
    (motion,) = load_packs([str(path)], [])
    assert (motion.id, motion.type) == ("no", "value")


def test_names_are_found_in_the_users_folder_first_then_in_ours(tmp_path: Path) -> None:
    write(tmp_path, "politics.yaml", "- {id: mine, text: This house would rest, category: law}")
    assert [motion.id for motion in load_packs(["politics"], [tmp_path])] == ["mine"]
    ours = load_packs(["politics"], [])
    assert {motion.category for motion in ours} == {"politics"}
    assert len(load_packs(["politics", "mine"], [write(tmp_path, "x/mine.yaml", GOOD).parent])) == len(ours) + 2


def test_a_folder_is_the_pack_of_its_files_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "club/b.yaml", "- {id: b, text: This house would rest, category: law}")
    write(tmp_path, "club/a.yml", "- {id: a, text: This house would rest, category: law}")
    write(tmp_path, "club/notes.txt", "not a pack")
    write(tmp_path, "club/deeper/c.yaml", "not read: [")
    assert [motion.id for motion in load_packs(["club"], [tmp_path])] == ["a", "b"]
    monkeypatch.chdir(tmp_path)
    assert [motion.id for motion in load_packs(["club"], [])] == ["a", "b"]


def test_a_file_named_by_two_packs_is_read_once() -> None:
    standard = load_packs(["standard"], [])
    assert load_packs(["standard", "law", str(content.ROOT / "motions" / "law.yaml")], []) == standard


MOTION = "id: x, text: This house would rest, category: law"

FAULTS = [
    ("", r"p.yaml: holds no motions; write a list of them under the key 'motions'"),
    ("motions: []", r"holds no motions"),
    ("motions: 5", r"holds no motions"),
    ("just words", r"holds no motions"),
    (f"- {{{MOTION}", r"p.yaml, line \d: did not find expected"),
    (f"- {{{MOTION}}}\n-\tid: x\n", r"p.yaml, line 2: .*character that cannot start any token"),
    (f"- {{{MOTION}}}\n- id: y\n  id: z\n", r"p.yaml, line 3: the key 'id' occurs twice; keep one of them"),
    ("- !!python/object:os.system {}", r"p.yaml, line 1: could not determine a constructor"),
    (f"motion: [{{{MOTION}}}]", r"p.yaml: unknown key 'motion'; did you mean 'motions'\?"),
    (f"licence: x\nlicense: y\nmotions: [{{{MOTION}}}]", r"p.yaml: unknown key 'license'; did you mean 'licence'\?"),
    (f"category: lw\nmotions: [{{{MOTION}}}, {{id: y, text: T}}]", r"p.yaml: 'category' cannot be 'lw'; did you mean"),
    ("- {id: x, text: A rest, categry: law}", r"motion 'x': unknown key 'categry'; did you mean 'category'\?"),
    (f"- {{{MOTION}, zzz: 1}}", r"motion 'x': unknown key 'zzz'; the keys are id, text, category, "),
    ("- {id: x, text: A rest, category: laws}", r"motion 'x': 'category' cannot be 'laws'; did you mean 'law'\?"),
    ("- {id: x, text: A rest, category: qqq}", r"motion 'x': 'category' cannot be 'qqq'; it is one of politics, "),
    (f"- {{{MOTION}, type: polcy}}", r"motion 'x': 'type' cannot be 'polcy'; did you mean 'policy'\?"),
    (f"- {{{MOTION}, secondary: law}}", r"motion 'x': 'secondary' is a list of categories"),
    (f"- {{{MOTION}, secondary: [helth]}}", r"motion 'x': 'secondary.0' cannot be 'helth'; did you mean 'health'\?"),
    (f"- {{{MOTION}, released: 2026-02-30}}", r"motion 'x': 'released' cannot be '2026-02-30'; write a day such as"),
    (f"- {{{MOTION}, licence: [a]}}", r"motion 'x': 'licence' cannot be \['a'\]; input should be a valid string"),
    (f"- {{{MOTION}}}\n- {{text: A rest, category: law}}", r"motion 2: the key 'id' is missing; add it"),
    ("- {id: x, category: law}", r"motion 'x': the key 'text' is missing"),
    ("- {id: x, text: A rest}", r"motion 'x': the key 'category' is missing; add it to the motion or, where it fits"),
    ("- {id: a b, text: A rest, category: law}", r"motion 'a b': 'id' must be up to 80 letters, digits"),
    ("- {id: x, text: {en: ''}, category: law}", r"motion 'x': text.en is empty or not a text"),
    ("- {id: x, text: {en: [a]}, category: law}", r"motion 'x': text.en is empty or not a text"),
    (f"- {{{MOTION}, info: {{zh: ' '}}}}", r"motion 'x': info.zh is empty"),
    ("- {id: x, text: [a], category: law}", r"motion 'x': 'text' is a text, or a mapping of languages"),
    ("- {id: x, text: {}, category: law}", r"motion 'x': 'text' is a text, or a mapping of languages"),
    (
        "- {id: x, text: {français: A rest}, category: law}",
        r"motion 'x': 'text.français' cannot be 'français'; it is one of en, zh",
    ),
    ("- words", r"motion 1 is not a mapping; write at least its id and text"),
    (f"- {{{MOTION}}}\n- {{{MOTION}}}", r"motion 'x' is twice in this file; give one of them another id"),
]


@pytest.mark.parametrize(("text", "said"), FAULTS)
def test_a_mistake_is_one_line_that_names_the_place(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, "p.yaml", text)
    with pytest.raises(UserError) as error:
        load_packs([str(path)], [])
    assert re.search(said, str(error.value)), str(error.value)
    assert str(error.value).startswith(str(path))
    assert "\n" not in str(error.value)


def test_an_id_in_two_packs_names_both_files(tmp_path: Path) -> None:
    one, two = (write(tmp_path, name, f"- {{{MOTION}}}") for name in ("one.yaml", "two.yaml"))
    with pytest.raises(UserError, match=re.escape(f"{two}: motion 'x' is also in {one}; give one")):
        load_packs(["one", "two"], [tmp_path])


def test_bytes_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_bytes("- {id: x, text: 本院, category: law}".encode("gb18030"))
    with pytest.raises(UserError, match=r"old.yaml: is not UTF-8 text \(byte 16\); save it as UTF-8"):
        load_packs([str(path)], [])
    path.write_text(f"\ufeff- {{{MOTION}}}", encoding="utf-8")
    assert len(load_packs([str(path)], [])) == 1


@pytest.mark.parametrize(
    ("pack", "said"),
    [
        ("politcs", r"no pack 'politcs'; did you mean 'politics'\?"),
        ("qqq", r"no pack 'qqq'; give a path to a YAML file, or one of .*standard"),
        ("", r"no pack ''"),
        ("clb", r"no pack 'clb'; did you mean 'club'\?"),
        ("empty", r"the folder .*empty holds no YAML file"),
        ("a" * 300, r"cannot be read \(File name too long\)"),
    ],
)
def test_a_pack_that_is_not_there(tmp_path: Path, pack: str, said: str) -> None:
    write(tmp_path, "club.yaml", GOOD)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=said):
        load_packs([pack], [tmp_path, tmp_path / "missing"])


def test_a_large_pack_loads_fast(tmp_path: Path) -> None:
    lines = [
        f"  - id: m{number}\n    text: {{en: This house would ban practice {number}, zh: 本院将禁止第{number}种做法}}\n"
        for number in range(10_000)
    ]
    path = write(tmp_path, "large.yaml", "category: law\nmotions:\n" + "".join(lines))
    start = time.process_time()
    assert len(load_packs([str(path)], [])) == 10_000
    assert time.process_time() - start < 10
