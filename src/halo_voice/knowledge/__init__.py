"""The company's texts, split into passages and searched. Pure: the texts are handed in."""

from halo_voice.knowledge.index import CompanyTexts

__all__ = ["CompanyTexts"]
