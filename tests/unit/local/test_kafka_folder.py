"""A Kafka data folder is formatted once, completely."""

from pathlib import Path

from chancery_local.kafka import prepare_data_dir


def _identity(folder: Path) -> dict[str, str]:
    lines = (folder / "log" / "meta.properties").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_a_new_folder_gets_an_identity_and_the_bootstrap_records(tmp_path: Path) -> None:
    prepare_data_dir(tmp_path)
    identity = _identity(tmp_path)
    assert identity["version"] == "1"
    assert len(identity["cluster.id"]) == len(identity["directory.id"]) == 22
    assert len(list((tmp_path / "log" / "__cluster_metadata-0").glob("*.checkpoint"))) == 1


def test_two_folders_have_two_identities_and_a_second_look_changes_nothing(tmp_path: Path) -> None:
    for name in ("a", "b", "a"):
        prepare_data_dir(tmp_path / name)
    before = _identity(tmp_path / "a")
    prepare_data_dir(tmp_path / "a")
    assert _identity(tmp_path / "a") == before != _identity(tmp_path / "b")


def test_a_folder_left_half_formatted_is_finished(tmp_path: Path) -> None:
    (tmp_path / "log" / "__cluster_metadata-0").mkdir(parents=True)
    (tmp_path / "log" / "meta.properties.partial").write_text("vers")
    prepare_data_dir(tmp_path)
    assert _identity(tmp_path)["node.id"] == "1"
