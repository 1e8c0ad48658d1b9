"""Files in a folder say what the registry should hold; what is wrong with one is said of its file and entry."""

import hashlib
import subprocess

import pytest
from chancery_cli.errors import CommandFailed
from chancery_cli.registry.folder import read_folder
from chancery_cli.registry.naming import Thing, named
from chancery_contracts.bodies import PromptBody

PROMPT = "- {kind: prompt, name: answer, tenant: a-bank, body: {system: Be brief., user: '{question}'}}\n"


def _write(folder, **files):
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_yaml", ".yaml").replace("_jinja", ".jinja")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


class TestWhatIsRead:
    def test_an_entry(self, tmp_path):
        _write(tmp_path, answer_yaml=PROMPT)
        (one,) = read_folder(tmp_path, None)
        assert one.thing == Thing("a-bank", "prompt", "answer")
        assert PromptBody.model_validate(one.body).system == "Be brief."
        assert (one.version, one.origin) == (None, None)

    def test_texts_in_files_of_their_own_without_the_last_line_end(self, tmp_path):
        _write(
            tmp_path,
            answer__prompt_yaml=PROMPT.replace("Be brief.", "!file system.jinja").replace("'{question}'", "!file user.jinja"),
            answer__system_jinja="Be brief.\nBe right.\n",
            answer__user_jinja="{question}",
        )
        (one,) = read_folder(tmp_path, None)
        assert one.body == {"system": "Be brief.\nBe right.", "user": "{question}"}

    def test_the_tenant_of_entries_that_name_none(self, tmp_path):
        _write(tmp_path, a_yaml=PROMPT.replace("tenant: a-bank, ", ""))
        assert read_folder(tmp_path, "b-bank")[0].thing.tenant == "b-bank"

    def test_what_is_referred_to_comes_first(self, tmp_path):
        _write(
            tmp_path,
            a_yaml="""
- kind: use_case
  name: faq
  tenant: a-bank
  body: {prompt: {name: answer}, model: {name: m}, collections: [faq], budget: b, redaction_policy: {name: standard}}
- {kind: budget, name: b, tenant: a-bank, body: {limit_micros: 5}}
""",
            b_yaml=PROMPT,
        )
        assert [one.thing.kind for one in read_folder(tmp_path, None)] == ["budget", "prompt", "use_case"]

    def test_of_several_versions_the_highest(self, tmp_path):
        _write(tmp_path, a_yaml="".join(PROMPT.replace("tenant", f"version: {n}, tenant").replace("brief", f"b{n}") for n in (1, 3, 2)))
        (one,) = read_folder(tmp_path, None)
        assert (one.version, one.body["system"]) == (3, "Be b3.")

    def test_dates_are_text(self, tmp_path):
        body = "{provider: vllm, provider_model: m, card: {deprecation_date: 2027-01-31}}"
        _write(tmp_path, a_yaml=f"- {{kind: model, name: m, tenant: shared, body: {body}}}")
        assert read_folder(tmp_path, None)[0].body["card"]["deprecation_date"] == "2027-01-31"

    def test_evidence_beside_by_its_hash(self, tmp_path):
        _write(tmp_path, a_yaml=PROMPT.replace("body:", "evidence: [{form: evaluation, title: FAQ, file: run.json, passed: true}], body:"))
        (tmp_path / "run.json").write_text("{}")
        (evidence,) = read_folder(tmp_path, None)[0].evidence
        assert (evidence.sha256, evidence.uri, evidence.passed) == (hashlib.sha256(b"{}").hexdigest(), "run.json", True)


class TestOrigin:
    def _git(self, folder, *words):
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
        return subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, text=True).stdout.strip()

    def test_path_and_commit_and_whether_it_is_committed(self, tmp_path):
        _write(
            tmp_path,
            prompts__answer__prompt_yaml=PROMPT.replace("Be brief.", "!file system.jinja"),
            prompts__answer__system_jinja="Be brief.",
        )
        self._git(tmp_path, "init", "-q")
        self._git(tmp_path, "add", ".")
        self._git(tmp_path, "commit", "-qm", "one")
        commit = self._git(tmp_path, "rev-parse", "HEAD")
        assert read_folder(tmp_path / "prompts", None)[0].origin == f"prompts/answer/prompt.yaml@{commit}"
        (tmp_path / "prompts/answer/system.jinja").write_text("Be long.")
        assert read_folder(tmp_path / "prompts", None)[0].origin == "prompts/answer/system.jinja (not committed)"

    def test_what_git_ignores_is_not_committed(self, tmp_path):
        _write(tmp_path, mine__a_yaml=PROMPT)
        (tmp_path / ".gitignore").write_text("mine/")
        self._git(tmp_path, "init", "-q")
        self._git(tmp_path, "add", ".")
        self._git(tmp_path, "commit", "-qm", "one")
        assert read_folder(tmp_path / "mine", None)[0].origin == "mine/a.yaml (not committed)"


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("text", "words"),
        [
            ("- {kind: prompt, name: answer, tenant: a-bank}", r"a.yaml, entry 1: an entry has"),
            ("[1]", r"entry 1: an entry has"),
            ("- {kind: song, name: answer, tenant: a-bank, body: {}}", r"no kind 'song'"),
            (PROMPT.replace("tenant: a-bank, ", ""), "say whose"),
            (PROMPT.replace("name: answer", "name: ../answer"), "a name has"),
            (PROMPT.replace("name: answer", "name: 7"), "a name has"),
            (PROMPT.replace("body:", "version: two, body:"), "`version` is a number"),
            (PROMPT.replace("body:", "version: true, body:"), "`version` is a number"),
            (PROMPT.replace("system: Be brief., ", ""), r"body.system: Field required"),
            (PROMPT.replace("system", "sistem"), "a prompt has no sistem"),
            (PROMPT.replace("body:", "owner: me, body:"), "unknown: owner"),
            (PROMPT.replace("{system: Be brief., user: '{question}'}", "text"), "`body` is a mapping"),
            (PROMPT.replace("Be brief.", "!file ../secret.txt"), "outside the folder"),
            (PROMPT.replace("Be brief.", "!file /etc/hostname"), "outside the folder"),
            (PROMPT.replace("Be brief.", "!file none.jinja"), "cannot read none.jinja"),
            (PROMPT.replace("user:", "system: x, user:"), "twice in one mapping: system"),
            (PROMPT.replace("Be brief.", "!!python/object/apply:os.system [ls]"), "could not determine a constructor"),
            ("- {kind: [", "line 1"),
            ("[" * 5_000, "nested too deep"),
            (PROMPT + PROMPT, "give each a version"),
            ("", "no entries"),
        ],
    )  # fmt: skip
    def test_is_said(self, tmp_path, text, words):
        _write(tmp_path, a_yaml=text)
        with pytest.raises(CommandFailed, match=words):
            read_folder(tmp_path, None)

    def test_a_link_out_of_the_folder_is_not_followed(self, tmp_path):
        (tmp_path / "secret.txt").write_text("secret")
        folder = tmp_path / "registry"
        _write(folder, a_yaml=PROMPT.replace("Be brief.", "!file link.txt"))
        (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
        with pytest.raises(CommandFailed, match="outside the folder"):
            read_folder(folder, None)

    def test_too_large_and_not_text(self, tmp_path):
        (tmp_path / "a.yaml").write_text(" " * 1_048_577)
        with pytest.raises(CommandFailed, match="larger than a MiB"):
            read_folder(tmp_path, None)
        (tmp_path / "a.yaml").write_bytes(b"\xff\xfe")
        with pytest.raises(CommandFailed, match="not UTF-8"):
            read_folder(tmp_path, None)


class TestNames:
    def test_what_people_type(self):
        one = named("use-case/bank-faq@12")
        assert (one.kind, one.name, one.version) == ("use_case", "bank-faq", 12)
        assert (named("bank-faq").kind, named("bank-faq").version) == (None, None)

    @pytest.mark.parametrize("text", ["", "prompt/", "a/b/c", "a@0", "a@-1", "a@x", "prompt/../x", "song/x", "a b"])
    def test_what_names_nothing(self, text):
        with pytest.raises(CommandFailed):
            named(text)
