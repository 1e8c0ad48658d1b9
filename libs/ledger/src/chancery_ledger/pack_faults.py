"""What can be wrong with an evidence pack: each in words of its own."""

from enum import StrEnum

from chancery_ledger.errors import LedgerError


class Reason(StrEnum):
    """The name is for programs, the value for people."""

    NOT_A_PACK = "this is no evidence pack: it is no zip file, or was cut off"
    CONTAINER_CHANGED = "the zip container is not as it was written: bytes beside the files were changed, added or moved"
    FILE_TOO_LONG = "a file is longer than a pack's may be"
    FILE_MISSING = "a file that belongs to the pack is missing"
    FILE_UNREADABLE = "a file cannot be read: its bytes do not match the container"
    FILE_UNEXPECTED = "a file is in the pack that its manifest does not list, or lists twice"
    FILES_REORDERED = "the files are not in the manifest's order"
    FILE_CHANGED = "a file is not the one that the manifest lists: its SHA-256 differs"
    FILE_MALFORMED = "a file is not in the format of a pack"
    MANIFEST_MALFORMED = "the manifest cannot be read as one"
    MANIFEST_UNSIGNED = "the manifest is not signed by the log's key that was given: another key made this pack"
    MANIFEST_FORGED = "the signature of the manifest does not hold: the manifest was changed"
    CHECKPOINT_MALFORMED = "the checkpoint cannot be read as one"
    CHECKPOINT_UNSIGNED = "the checkpoint is not signed by the log's key that was given"
    CHECKPOINT_FORGED = "a signature of the checkpoint does not hold"
    QUORUM_MISSED = "too few of the witnesses that were named vouch for the checkpoint"
    ENTRY_MALFORMED = "an entry is not in the format of a pack, or its leaf is not canonical"
    ENTRIES_REORDERED = "the entries are not in the log's order, or one is there twice"
    ENTRY_MISSING = "entries are missing: the pack does not account for every place of the log"
    ENTRY_FOREIGN = "an entry is another tenant's, or not one that was asked for"
    PAYLOAD_CHANGED = "a payload is not the one that the entry commits to"
    PAYLOAD_SEALED = "a payload does not open under the key that the pack gives for it"
    TREE_DIFFERS = "the entries do not make the tree that the log signed: one was changed, added, moved or taken away"
    EARLIER_DIFFERS = "an earlier checkpoint in the pack is not continued by the newest"
    LOG_TRUNCATED = "the log is shorter than at the earlier checkpoint: entries were cut off"
    LOG_FORKED = "the log does not continue the earlier checkpoint: it was rewritten"
    ANCHOR_MALFORMED = "an anchor's evidence is not in the format of its kind"
    ANCHOR_UNSIGNED = "a checkpoint that is said to be anchored is not signed by the log's key that was given"
    ANCHOR_NOT_CONTINUED = "the log does not continue a checkpoint that was anchored: it was rewritten"
    ANCHOR_SWAPPED = "an anchor's evidence is for another checkpoint than the one beside it"
    STAMP_UNTRUSTED = "the time stamp does not hold: it was changed, or no authority under the roots that were given signed it"
    STAMP_TIME_DIFFERS = "the time that is stated of the time stamp is not the one that its authority signed"
    RECEIPT_SWAPPED = "a receipt does not prove the entry that it is named for"
    LOAD_FILE_DIFFERS = "the load file does not say what the entries say"
    SUMMARY_DIFFERS = "the summary does not say what the entries say"
    OFFSET_UNACCOUNTED = "an entry's Kafka offset is not in the account of its partition"


class PackFault(LedgerError):
    """The pack does not hold. `where` names the file or entry."""

    def __init__(self, reason: Reason, where: str = "") -> None:
        super().__init__(f"{reason.value}{f' ({where})' if where else ''} [{reason.name}]")
        self.reason = reason
        self.where = where
