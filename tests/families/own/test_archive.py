"""Archives of strangers: one hostile archive for each way of being one, and the reason it is refused for."""

from __future__ import annotations

import io
import json
import warnings
import zipfile

import h5py
import numpy as np
import pytest
from keras import layers

from attnviz import zoo
from attnviz.errors import ModelError
from attnviz.families.own import archive, blueprint
from tests.families.own.own_folder import FEATURES, encoder, make

WEIGHTS, CONFIG = archive.WEIGHTS, archive.CONFIG


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """The members of an archive with nothing wrong."""
    folder = make(tmp_path_factory.mktemp("sound"), encoder())
    with zipfile.ZipFile(folder / "model.keras") as opened:
        return {name: opened.read(name) for name in opened.namelist()}


def info(name, **settings):
    made = zipfile.ZipInfo(name)
    for key, value in settings.items():
        setattr(made, key, value)
    return made


def refused(place, members, code, *words):
    """A folder whose `model.keras` holds these members is refused with this code, in both languages."""
    folder = make(place, None)
    if isinstance(members, bytes):
        (folder / "model.keras").write_bytes(members)
    else:
        with warnings.catch_warnings(), zipfile.ZipFile(folder / "model.keras", "w") as packed:
            warnings.simplefilter("ignore")  # a name twice
            for name, content in members.items() if isinstance(members, dict) else members:
                packed.writestr(name, content)
    refused_folder(folder, code, *words)


def refused_folder(folder, code, *words):
    with pytest.raises(ModelError) as caught:
        zoo.load(folder)
    assert caught.value.code == code, str(caught.value)
    for language in ("en", "ja"):
        message = caught.value.message(language)
        assert all(word in message for word in (folder.name, "model.keras", *words)), message


# ── the zip ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "a/../../evil", "a\\evil", "C:evil"], ids=["up", "root", "hidden", "back", "drive"]
)
def test_path_traversal(tmp_path, sound, name):
    refused(tmp_path, {**sound, name: b"x"}, "archive_path", name)


def test_a_name_cut_by_a_null(tmp_path, sound):
    made = zipfile.ZipInfo("model")
    made.filename = "config.json\0.py"
    refused(tmp_path, [*sound.items(), (made, b"x")], "archive_path")


def test_a_link(tmp_path, sound):
    content = {**sound}
    content[info(WEIGHTS, external_attr=0o120777 << 16)] = b"/etc/passwd"
    del content[WEIGHTS]
    refused(tmp_path, content, "archive_link", WEIGHTS)


def test_the_archive_itself_is_a_link(tmp_path, sound):
    elsewhere = make(tmp_path / "elsewhere", encoder())
    folder = make(tmp_path, None)
    (folder / "model.keras").symlink_to(elsewhere / "model.keras")
    refused_folder(folder, "file_missing")


def test_a_name_twice(tmp_path, sound):
    refused(tmp_path, [*sound.items(), (CONFIG, b"{}")], "archive_repeated", CONFIG)


def test_an_encrypted_member(tmp_path, sound):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in sound.items():
            packed.writestr(name, content)
    raw = bytearray(buffer.getvalue())
    raw[raw.rindex(b"PK\x01\x02") + 8] |= 1
    refused(tmp_path, bytes(raw), "archive_encrypted", list(sound)[-1])


@pytest.mark.parametrize("name", ["assets/words.txt", "run.py", "sub/config.json"])
def test_another_member(tmp_path, sound, name):
    refused(tmp_path, {**sound, name: b""}, "archive_member", name)


@pytest.mark.parametrize("name", archive.MEMBERS)
def test_a_member_that_lacks(tmp_path, sound, name):
    refused(tmp_path, {key: value for key, value in sound.items() if key != name}, "archive_missing", name)


def test_a_bomb(tmp_path, sound):
    content = {**sound, info(WEIGHTS, compress_type=zipfile.ZIP_DEFLATED): bytes(64_000_000)}
    del content[WEIGHTS]
    refused(tmp_path, content, "archive_bomb", WEIGHTS, "64000000")


def test_too_many_members(tmp_path, sound):
    refused(tmp_path, {**sound, **{f"member-{index}": b"" for index in range(97)}}, "archive_bomb", "100")


def test_too_much_together(tmp_path, sound, monkeypatch):
    monkeypatch.setattr(archive, "MAX_BYTES", sum(map(len, sound.values())) - 1)
    folder = make(tmp_path, None)
    with zipfile.ZipFile(folder / "model.keras", "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in sound.items():
            packed.writestr(name, content)
    assert (folder / "model.keras").stat().st_size < archive.MAX_BYTES
    refused_folder(folder, "archive_bomb")


@pytest.mark.parametrize("change", [-1, 1])
def test_a_size_that_is_not_as_stated(tmp_path, sound, change):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, content in sound.items():
            packed.writestr(name, content)
    raw = bytearray(buffer.getvalue())
    place = raw.index(b"PK\x01\x02") + 24
    raw[place : place + 4] = (int.from_bytes(raw[place : place + 4], "little") + change).to_bytes(4, "little")
    folder = make(tmp_path, None)
    (folder / "model.keras").write_bytes(bytes(raw))
    with pytest.raises(ModelError) as caught:
        zoo.load(folder)
    assert caught.value.code in ("archive_size", "file_unreadable")


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive" * 99], ids=["empty", "two letters", "text"])
def test_no_archive(tmp_path, content):
    refused(tmp_path, content, "file_unreadable")


# ── the configuration ─────────────────────────────────────────────────────────────────────────────────────────────


def changed(sound, change):
    """The members with another configuration."""
    config = json.loads(sound[CONFIG])
    return {**sound, CONFIG: json.dumps(config if (made := change(config)) is None else made).encode()}


def layer(config, kind):
    return next(each for each in config["config"]["layers"] if each["class_name"] == kind)


def set_class(name, module="keras.layers", registered=None, inner=None):
    def change(config):
        dense = layer(config, "Dense")
        dense |= {"class_name": name, "module": module, "registered_name": registered}
        if inner is not None:
            dense["config"] = inner

    return change


def set_part(key, value, kind="Dense"):
    return lambda config: layer(config, kind)["config"].update({key: value})


LAMBDA = {"class_name": "__lambda__", "config": {"value": ["4wEAAAA=", None, None]}}


@pytest.mark.parametrize(
    ("change", "code", "word"),
    [
        (set_class("Lambda", inner={"function": LAMBDA}), "config_code", "Lambda"),
        (set_part("activation", LAMBDA), "config_code", "__lambda__"),
        (set_class("TorchModuleWrapper"), "config_code", "TorchModuleWrapper"),
        (set_class("TFSMLayer", inner={"filepath": "/evil"}), "config_code", "TFSMLayer"),
        (set_class("JaxLayer"), "config_code", "JaxLayer"),
        (set_class("TextVectorization", inner={"vocabulary": "/etc/passwd"}), "config_code", "TextVectorization"),
        (set_class("StringLookup", inner={"vocabulary": "/etc/passwd"}), "config_code", "StringLookup"),
        (set_class("system", "os", inner="true"), "config_class", "os.system"),
        (set_class("Popen", "subprocess", "subprocess>Popen"), "config_class", "subprocess.Popen"),
        (set_class("Dense", "keras.layers", "attnviz>Nothing"), "config_class", "Dense"),
        (set_class("AttentionPooling", "attnviz.layers", "attnviz>ClassToken"), "config_class", "AttentionPooling"),
        (set_class("get_file", "keras.utils"), "config_class", "keras.utils.get_file"),
        (set_class("load_model", "keras.saving"), "config_class", "keras.saving.load_model"),
        (set_class("Own", "mypackage.layers", "mypackage>Own"), "config_class", "attnviz.wrap"),
        (set_class("Dense", None), "config_class", "Dense"),
        (set_class("WhileLoop", "keras.src.ops.core", "WhileLoop"), "config_class", "WhileLoop"),
        (set_class("Dense", "keras.src.layers.core.dense"), "config_class", "keras.src.layers.core.dense"),
        (
            set_part("activation", {"class_name": "function", "module": "os", "config": "system"}),
            "config_code",
            "os.system",
        ),
        (
            set_part("activation", {"class_name": "function", "module": "builtins", "config": "get_file"}),
            "config_code",
            "get_file",
        ),
        (
            set_part("activation", {"class_name": "__typespec__", "spec_name": "x", "config": []}),
            "config_code",
            "__typespec__",
        ),
        (
            set_part("x", {"class_name": "__numpy__", "config": {"value": "a", "dtype": "S999999999"}}),
            "config_code",
            "__numpy__",
        ),
        (set_part("units", 10**9), "config_size", "units = 1000000000"),
        (set_part("units", 10**7), "config_weights", "at least"),
        (set_part("input_dim", 10**8, "Embedding"), "config_weights", "at least"),
        (set_part("num_heads", 10**7, "MultiHeadAttention"), "config_weights", "at least"),
        (set_part("units", -3), "config_build", "units"),
        (set_part("more", 3), "config_build", "more"),
        (lambda config: {"class_name": "Dense"}, "config_class", "Dense"),
        (lambda config: [], "file_unreadable", "config.json"),
    ],
)
def test_a_forged_configuration(tmp_path, sound, change, code, word):
    words = (word, "config.json") if word != "at least" else ("config.json",)
    refused(tmp_path, changed(sound, change), code, *words)


@pytest.mark.parametrize("text", [b"{", b"\xff", b"[" * 100_000, b'{"class_name": ' * 500 + b"1" + b"}" * 500])
def test_a_configuration_that_is_none(tmp_path, sound, text):
    with pytest.raises(ModelError) as caught:
        blueprint.read(text, "mine", "model.keras")
    assert caught.value.code in ("file_unreadable", "config_class", "config_size")
    refused(tmp_path, {**sound, CONFIG: text}, caught.value.code)


def test_a_configuration_that_is_too_long(tmp_path, sound):
    refused(tmp_path, {**sound, CONFIG: b" " * (blueprint.MAX_BYTES + 1)}, "config_size")


def test_a_result_that_would_be_too_large(tmp_path):
    import keras

    tokens = keras.Input((None,), dtype="int32")
    x = layers.Embedding(11, FEATURES)(tokens)
    x = layers.Attention()([x, x])
    x = layers.RepeatVector(10**8)(layers.GlobalMaxPooling1D()(x))
    folder = make(tmp_path, keras.Model(tokens, x))
    refused_folder(folder, "config_size", str(FEATURES * 10**8))


# ── the weights ───────────────────────────────────────────────────────────────────────────────────────────────────


def rewritten(sound, change):
    """The members with another weights file."""
    buffer = io.BytesIO(sound[WEIGHTS])
    with h5py.File(buffer, "a") as opened:
        change(opened)
    return {**sound, WEIGHTS: buffer.getvalue()}


def first_dataset(opened):
    found = []
    opened.visititems(
        lambda name, node: found.append(name) if isinstance(node, h5py.Dataset) and node.size > 9 else None
    )
    return found[0]


def replace(make_dataset):
    def change(opened):
        name = first_dataset(opened)
        parent, key = opened[name].parent, name.rpartition("/")[2]
        shape = parent[key].shape
        del parent[key]
        make_dataset(parent, key, shape)

    return change


def virtual(parent, key, shape):
    layout = h5py.VirtualLayout(shape, "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "data", shape)
    parent.create_virtual_dataset(key, layout)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda h5: h5.__setitem__("more", h5py.SoftLink("/layers")), "weights_link"),
        (lambda h5: h5.__setitem__("more", h5py.ExternalLink("/etc/passwd", "/")), "weights_link"),
        (lambda h5: h5["layers"].__setitem__("again", h5["layers"]), "weights_link"),
        (
            replace(lambda g, key, shape: g.create_dataset(key, shape, "f4", external=[("/etc/passwd", 0, 9999)])),
            "weights_link",
        ),
        (replace(virtual), "weights_link"),
        (replace(lambda g, key, shape: g.create_dataset(key, shape, h5py.string_dtype())), "weights_type"),
        (replace(lambda g, key, shape: g.create_dataset(key, shape, h5py.ref_dtype)), "weights_type"),
        (lambda h5: h5.__setitem__("more", np.dtype("f4")), "weights_type"),
        (replace(lambda g, key, shape: g.create_dataset(key, (10**6, 10**6), "f4", chunks=(9, 9))), "weights_size"),
        (replace(lambda g, key, shape: g.create_dataset(key, (10**5,), "f4", compression="gzip")), "weights_size"),
        (replace(lambda g, key, shape: g.create_dataset(key, data=np.ones((3, 2), "f4"))), "config_weights"),
        (lambda h5: h5.__delitem__(first_dataset(h5)), "config_weights"),
        (replace(lambda g, key, shape: g.create_dataset(key, data=np.ones((*shape, 2), "f4"))), "file_unreadable"),
    ],
)
def test_forged_weights(tmp_path, sound, change, code, monkeypatch):
    monkeypatch.setattr(blueprint, "_SLACK", 5)
    refused(tmp_path, rewritten(sound, change), code)


def test_weights_that_are_no_hdf5(tmp_path, sound):
    refused(tmp_path, {**sound, WEIGHTS: b"\x89HDF\r\n\x1a\n" + bytes(99)}, "file_unreadable", WEIGHTS)


def test_what_is_sound_is_counted(sound):
    model = encoder()
    stored = archive.count_weights(sound[WEIGHTS], "mine", "model.keras")
    assert stored == sum(int(np.prod(each.shape)) for each in model.weights)


def test_nothing_is_left_of_what_would_compile(sound):
    config = json.loads(sound[CONFIG])
    config["compile_config"] = {"optimizer": {"class_name": "Evil", "module": "os", "config": {}}}
    assert "compile_config" not in blueprint.read(json.dumps(config).encode(), "mine", "model.keras")
