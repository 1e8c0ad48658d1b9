"""The network: BERT's encoder, with the shape of a word where BERT has the number of the sentence, and two heads."""

import torch
from chancery_ner.labels import OUTPUTS
from chancery_ner.tokens import SHAPES
from torch import Tensor, nn
from torch.nn import functional

WIDTH, HEADS, INNER, VOCABULARY, PLACES = 384, 12, 1536, 30522, 512


class Embeddings(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(VOCABULARY, WIDTH)
        self.position_embeddings = nn.Embedding(PLACES, WIDTH)
        self.token_type_embeddings = nn.Embedding(SHAPES, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=1e-12)

    def forward(self, ids: Tensor, shapes: Tensor) -> Tensor:
        places = self.position_embeddings.weight[: ids.shape[1]]
        return self.LayerNorm(self.word_embeddings(ids) + self.token_type_embeddings(shapes) + places)


class SelfAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        rows, length, _ = hidden.shape
        query, key, value = (
            one(hidden).view(rows, length, HEADS, WIDTH // HEADS).transpose(1, 2) for one in (self.query, self.key, self.value)
        )
        scores = query @ key.transpose(2, 3) * (WIDTH // HEADS) ** -0.5 + bias
        return (scores.softmax(-1) @ value).transpose(1, 2).reshape(rows, length, WIDTH)


class Output(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, WIDTH)
        self.LayerNorm = nn.LayerNorm(WIDTH, eps=1e-12)
        self.dropout = nn.Dropout(0.1)

    def forward(self, hidden: Tensor, before: Tensor) -> Tensor:
        return self.LayerNorm(self.dropout(self.dense(hidden)) + before)


class Layer(nn.Module):
    """Names follow BERT's, so that its weights find their places."""

    def __init__(self) -> None:
        super().__init__()
        self.attention = nn.ModuleDict({"self": SelfAttention(), "output": Output(WIDTH)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(WIDTH, INNER)})
        self.output = Output(INNER)

    def forward(self, hidden: Tensor, bias: Tensor) -> Tensor:
        hidden = self.attention["output"](self.attention["self"](hidden, bias), hidden)
        return self.output(functional.gelu(self.intermediate["dense"](hidden)), hidden)


class Encoder(nn.Module):
    def __init__(self, layers: int) -> None:
        super().__init__()
        self.embeddings = Embeddings()
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(Layer() for _ in range(layers))})

    def forward(self, ids: Tensor, shapes: Tensor) -> Tensor:
        bias = torch.where(ids == 0, -10000.0, 0.0)[:, None, None, :]
        hidden = self.embeddings(ids, shapes)
        for layer in self.encoder["layer"]:
            hidden = layer(hidden, bias)
        return hidden


class Network(nn.Module):
    """Ids and shapes to the logits of `labels`."""

    def __init__(self, layers: int) -> None:
        super().__init__()
        self.base = Encoder(layers)
        self.dropout = nn.Dropout(0.1)
        self.heads = nn.Linear(WIDTH, OUTPUTS)

    def forward(self, ids: Tensor, shapes: Tensor) -> Tensor:
        return self.heads(self.dropout(self.base(ids, shapes)))
