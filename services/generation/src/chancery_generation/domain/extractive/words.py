"""Words as the extractive model compares them: lower case, stemmed, stop words left out, synonyms folded."""

import re
from functools import lru_cache

import snowballstemmer

PSEUDONYM = re.compile(r"<[A-Z][A-Z_]*_[0-9A-Z]+>")
WORD = re.compile(r"[a-z]+(?:['’][a-z]+)?|\d+(?:[.,]\d+)*")

STOP_WORDS = frozenset(
    """a about again all also am an and any are aren't as at be because been being between both but by
    can can't cannot could couldn't did didn't do does doesn't doing don't down during each etc few for from further had hadn't has
    hasn't have haven't having he her here hers herself him himself his how i i'd i'll i'm i've if in into is isn't it it's its
    itself just let's may me might more most much many must mustn't my myself no nor not now of off on once only or other our ours ourselves
    out over own per please same shall she should shouldn't so some such than that that's the their theirs them themselves then there
    there's these they they're this those through to too until up upon us very via was wasn't we we'd we'll we're we've were
    weren't what what's when when's where which while who who's whom whose why will with within won't would wouldn't yes yet
    you you'd you'll you're you've your yours yourself s t d ll re ve hi hello hey dear thanks thank sorry ok okay tell know want
    like need wonder wondering help explain give show find say says said get got please regarding concerning according actually
    really exactly possible able ask asking question answer currently kindly""".split()  # noqa: SIM905  # a list of 300 strings would not be read
)

SYNONYMS: tuple[str, ...] = (
    "fee charge cost price tariff",
    "lose lost stolen theft missing",
    "end terminate termination cancel cancellation close closure",
    "transfer remittance send wire",
    "buy purchase",
    "maximum limit cap most highest ceiling",
    "minimum least lowest",
    "begin start commence commencement",
    "duration term length period long",
    "deadline due latest",
    "abroad foreign overseas international",
    "refund reimburse reimbursement repay return",
    "interest rate aer apr",
    "complain complaint grievance",
    "child children minor under-age",
    "job employment work",
    "allowed permitted entitled allow permit may",
    "forbidden prohibited banned",
    "law jurisdiction governing",
    "landlord lessor",
    "tenant lessee",
    "company firm business",
    "revenue sales turnover",
    "fy fiscal",
    "capex expenditures",
    "pay payment paid payable",
    "confidential confidentiality secret",
    "liable liability responsible",
    "contact phone telephone call",
    "quick quickly fast soon",
    "document documentation paper proof evidence",
)  # words of banking, contracts and filings that are asked for by one name and written by another

_PHRASES: tuple[tuple[str, str], ...] = (
    (r"capital expenditures?|capex|(?:purchases?|acquisitions?) of property,? plant,? and equipment|(?:purchases?|additions?) (?:of|to) "
     r"(?:property and equipment|pp&e|property, plant)", "capital expenditures capitalspending"),
    (r"cogs|costs? of (?:goods sold|sales|revenues?|products? sold|goods)", "cost of sales costofsales"),
    (r"pp&e|ppne|pp and e|property,? plant,? (?:and|&) equipment|fixed assets", "property plant equipment fixedassets"),
    (r"d&a|depreciation (?:and|&) amortization", "depreciation amortization"),
    (r"r&d|research (?:and|&) development", "research development"),
    (r"sg&a|selling, general,? (?:and|&) administrative", "selling general administrative"),
    (r"\beps|earnings per (?:common )?share|net income per share", "earnings per share earningspershare"),
    (r"net (?:income|earnings)(?: \(?loss\)?)?(?: attributable to [\w' ]{0,40}?(?:share|stock)?holders)?", "net income netincome"),
    (r"top[- ]?line", "revenue"),
    (r"bottom[- ]?line", "net income netincome"),
    (r"accounts? receivable|trade receivables|receivables", "accounts receivable receivables"),
    (r"p&l|profit and loss statement|income statements?|statements? of (?:consolidated )?(?:income|operations|earnings)",
     "incomestatement"),
    (r"balance sheets?|statements? of financial position", "balancesheet"),
    (r"cash flows? statements?|statements? of (?:consolidated )?cash flows?", "cashflowstatement"),
)  # fmt: skip
"""What accounts call by more than one name: each is read as the words on the right, on both sides. Fixed names, not a language model."""

_ANY_PHRASE = re.compile(rf"(?<![a-z0-9])(?:{'|'.join(f'({pattern})' for pattern, _ in _PHRASES)})(?![a-z0-9])")
_STEMMER = snowballstemmer.stemmer("english")


@lru_cache(maxsize=65_536)
def stem(word: str) -> str:
    """The stem of one lower-case word (Snowball English). Numbers lose their thousands separators."""
    if word[0].isdigit():
        return word.replace(",", "").rstrip(".")
    plain = word.replace("’", "'").removesuffix("'s")
    return str(_STEMMER.stemWord(plain))


def _synonym_table() -> dict[str, str]:
    return {stem(word): stem(group.split()[0]) for group in SYNONYMS for word in group.split()}


_CONCEPTS = _synonym_table()


def concept(stemmed: str) -> str:
    """The name that synonyms share; the stem itself where there is none."""
    return _CONCEPTS.get(stemmed, stemmed)


def _folded(plain: str) -> str:
    return _ANY_PHRASE.sub(lambda match: f" {_PHRASES[(match.lastindex or 1) - 1][1]} ", plain)


def stems(text: str) -> list[str]:
    """Stems of all informative words of a text, in order; pseudonyms are no words."""
    plain = _folded(PSEUDONYM.sub(" ", text).lower().replace("’", "'"))
    return [stem(word) for word in WORD.findall(plain) if word not in STOP_WORDS]
