# Copyright (c) 2026 the heed authors
# SPDX-License-Identifier: MIT
"""The words of the needle model, their token ids, and the tokenizer that llama.cpp runs on them."""

import heapq

STEMS = """brem cald tav holl ven mar tess dun gil fro lam pel sor wick rud nar keb tam sil vor
bant carn dorl esk fenn garr hask ilm jorr karn lunt moss nell orm pask quin rast stell tunn umb
varl welt yarr zell blan crin drov flet grun prin skal trel whin shel thorn chim plov smel snar
spin stav swel twin clom glen brin crad drem flin grov pril skon tren whel shor thal chor plen gral brov""".split()
ENDINGS = "er en ing le ow y et on ish al".split()
NAME_STEMS = """Vel Mar Tor Bel Cor Dan Eld Fal Gar Hal Ist Jor Kel Lor Mel Nor Oak Pen Quil Ros
Sal Tan Ul Var Wes Yar Zan Ash Bram Cal Dor Em Finn Gren Hol Ing Jas Kirk Lan Mor
Nel Ost Pol Rav Sten Thor Und Vin Wil Ald""".split()
NAME_ENDINGS = "ton ford wick dale ham by mere loch".split()
VALUES = """amber anchor apple arrow autumn badger banjo barley basil beaver bottle bronze butter button
cactus candle canyon carbon castle cedar cherry clover cobalt coffee comet copper coral cotton crater crimson
crow crystal dagger daisy desert diamond dragon eagle ebony ember engine falcon feather fiddle forest fossil
fox galaxy garlic garnet ginger glacier goblet granite hammer harbor hazel heron honey indigo iris iron island
ivory jade jasmine jungle kettle ladder lantern lemon lily linen lizard magnet maple marble meadow melon mirror
mustard needle nickel nutmeg ocean olive onyx orange orchid otter oyster paper pearl pebble pepper pigeon planet
plum quartz rabbit raven ribbon river rocket ruby saddle salmon satin scarlet shadow silver spider spruce sugar
summer sunset temple thunder tiger timber topaz turtle velvet violet walnut willow winter zephyr""".split()
LEADS = "forget rumour perhaps never".split()  # a decoy is a fact that begins with one of these

UNK, BOS, EOS, FACT, ASK, STOP, DECOY = range(7)
FIRST_KEY = DECOY + len(LEADS)
KEYS = len(NAME_STEMS) * len(NAME_ENDINGS)
FIRST_VALUE = FIRST_KEY + KEYS
N_VALUES = 128
FIRST_WORD = FIRST_VALUE + N_VALUES
WORDS = len(STEMS) * len(ENDINGS)
TRAINED = FIRST_WORD + WORDS  # ids from here on exist for the tokenizer only
SPACE = "\u2581"

names = [stem + end for stem in NAME_STEMS for end in NAME_ENDINGS]
words = [stem + end for stem in STEMS for end in ENDINGS]
values = VALUES[:N_VALUES]


def trained_pieces():
    spaced = ["remember", "recall"]
    pieces = ["<unk>", "<s>", "</s>"] + [SPACE + w for w in spaced] + ["."]
    return pieces + [SPACE + w for w in LEADS + names + values + words]


def all_pieces():
    """Trained pieces, then what the merges need: every single character, every prefix of every word, bytes.

    All pieces longer than one character begin with the space mark, so at any moment a word has at most one
    possible merge (its prefix and the next character) and the result does not depend on the scores.
    """
    pieces = trained_pieces()
    known = set(pieces)
    extra = []
    for piece in pieces[FACT:]:
        for part in list(piece) + [piece[:n] for n in range(2, len(piece))]:
            if part not in known:
                known.add(part)
                extra.append(part)
    return pieces + sorted(extra, key=lambda p: (len(p), p)) + [f"<0x{b:02X}>" for b in range(256)]


class tokenizer:
    """The SentencePiece algorithm of llama.cpp: merge the adjacent pair of best score, leftmost first."""

    def __init__(self, pieces, scores):
        self.pieces, self.scores = pieces, scores
        self.ids = {piece: i for i, piece in enumerate(pieces)}

    def encode(self, text):
        symbols = list(SPACE + text.replace(" ", SPACE))
        after = list(range(1, len(symbols) + 1))  # a merged symbol stays at its left end; the rest becomes empty
        before = list(range(-1, len(symbols) - 1))
        queue = []

        def offer(left):
            right = after[left] if left >= 0 else len(symbols)
            if left >= 0 and right < len(symbols):
                merged = symbols[left] + symbols[right]
                if merged in self.ids:
                    heapq.heappush(queue, (-self.scores[self.ids[merged]], left, merged))

        for i in range(len(symbols)):
            offer(i)
        while queue:
            _, left, merged = heapq.heappop(queue)
            right = after[left]
            if not symbols[left] or right >= len(symbols) or symbols[left] + symbols[right] != merged:
                continue  # one of the two was merged otherwise meanwhile
            symbols[left], symbols[right] = merged, ""
            after[left] = after[right]
            if after[left] < len(symbols):
                before[after[left]] = left
            offer(before[left])
            offer(left)
        symbols = [s for s in symbols if s]
        out = [BOS]
        for symbol in symbols:
            if symbol in self.ids:
                out.append(self.ids[symbol])
            else:
                out += [self.ids[f"<0x{b:02X}>"] for b in symbol.encode()]
        return out

    def decode(self, ids):
        text = "".join(self.pieces[i] for i in ids if i not in (BOS, EOS))
        return text.replace(SPACE, " ").removeprefix(" ")


def make_tokenizer():
    pieces = all_pieces()
    # Longer first, as llama.cpp expects of merged pieces; no pair of merges ever competes, see all_pieces.
    scores = [0.0 if i < FACT or piece.startswith("<0x") else float(len(piece)) - 100.0
              for i, piece in enumerate(pieces)]
    return tokenizer(pieces, scores)


assert len(VALUES) >= N_VALUES and KEYS == 400 and WORDS == 800, (len(VALUES), KEYS, WORDS)
assert len(set(trained_pieces())) == TRAINED
