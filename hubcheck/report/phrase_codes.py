"""What can be said in a report? One code for each statement, with the parameters of its words.

The names of the parameters stand beside each code; ``report.phrases`` says of which kinds they are.
"""

from __future__ import annotations

from enum import StrEnum


class PhraseCode(StrEnum):
    """Everything that can be said, by subject; the parameters of each stand beside it."""

    # -- of no subject
    TEXT = "text"
    """``text``: a sentence as it stands; of reports of schema 1, of errors, of what has no code."""
    UNKNOWN = "unknown"  # Any: a code of a newer version, whose words are not known here
    ABOUT = "about"  # name, what (phrases): several statements about one model or part

    # -- why a base was not tested, or why what was tested does not decide
    # One for each ``ReasonCode``; ``detail`` is the error's own text.
    NO_WEIGHTS_READ = "reason.no-weights-read"
    HEADERS_ONLY = "reason.headers-only"
    PROPOSAL = "reason.proposal"
    """``repo``, ``standing``; ``why``: a code of ``source.belonging.Unowned``, with ``commit``,
    ``asked``, ``commits`` or ``detail``."""
    GATED = "reason.gated"  # detail
    MISSING = "reason.missing"  # detail
    NO_WEIGHTS = "reason.no-weights"  # detail
    UNKNOWN_REVISION = "reason.unknown-revision"  # detail
    UNREACHABLE = "reason.unreachable"  # detail
    FORBIDDEN = "reason.forbidden"  # detail
    BUDGET = "reason.budget"  # detail
    HOSTILE = "reason.hostile"  # detail
    FORMAT = "reason.format"  # format
    NOT_AVAILABLE = "reason.not-available"  # detail: the weights are pointers without their content
    INTERNAL = "reason.internal"  # detail: a fault of hubcheck, its number and place
    UNREADABLE = "reason.unreadable"  # detail
    SUBJECT = "reason.subject"
    """``why``: the same of the subject; ``fit``: how an adapter fits, or empty (phrases)."""
    NO_SHARED_ORDER = "reason.no-shared-order"
    """``self_test``: problems of the base's own orders, or empty."""
    ORDER_WITHOUT_CONTENT = "reason.order-without-content"
    START_OR_COPY = "reason.start-or-copy"
    """``bulk``, ``top``: shares kept of the initial noise and of what training wrote."""
    REST_NOT_COMPARED = "reason.rest-not-compared"
    """``parts``, ``rest`` (phrases): what matches, and what is known of the rest."""
    BODY_NOT_COMPARED = "reason.body-not-compared"
    """``tested``: share of the body; ``missing``: names of what was not compared."""
    TOWERS_DIFFER = "reason.towers-differ"
    """``missing``: the share of the parameters that was not compared."""
    PART_OPEN = "reason.part-open"  # part, why (phrases), verdict
    NO_POWER = "reason.no-power"
    OTHER_SHAPE = "reason.other-shape"
    """``sizes`` (phrases), ``tested``: share of the body; ``self_test``: problems of orders."""
    HEAD_ALONE = "reason.head-alone"  # side; head: the kind that this one is, and nothing else
    SOME_TENSORS = "reason.some-tensors"
    """``share`` of the body that is equal; what was compared is said before it."""
    ONE_ORDER = "reason.one-order"
    BETWEEN = "reason.between"
    ASSUMED = "reason.assumed"  # agrees: whether the order agrees beyond chance
    TABLE_TOO_SMALL = "reason.table-too-small"  # models, bound, needed
    NOT_IN_TABLE = "reason.not-in-table"
    DOWN_NOT_READ = "reason.down-not-read"
    BROKEN_OFF = "reason.broken-off"

    # -- how two models are related
    SAME_BYTES = "relation.same-bytes"
    SAME_VALUES = "relation.same-values"  # Every sampled value is equal, the files differ
    REST_EQUAL = "relation.rest-equal"
    CAST = "relation.cast"  # base, subject: dtypes
    CAST_ROUNDED = "relation.cast-rounded"
    """``base``, ``subject``: sampled values differ by no more than the rounding."""
    CAST_BOTH_WAYS = "relation.cast-both-ways"
    """``base``, ``subject``: equal wherever both dtypes can hold a value."""
    ROUNDED_IN_BASE = "relation.rounded-in-base"  # base, subject
    ROUNDED_SHARE = "relation.rounded-share"  # values, share
    PACKED = "relation.packed"  # base, subject: storage formats, empty for plain values
    PACKED_ROUNDING = "relation.packed-rounding"  # change
    ON_LEVELS = "relation.on-levels"
    """``side``, ``bits``, ``group``; ``relative``: distance from the other side, or absent."""
    NEAREST_LEVELS = "relation.nearest-levels"  # share
    NEAR_LEVELS = "relation.near-levels"  # share at the nearest level, within a step
    ZEROED = "relation.zeroed"  # share of the base's values set to zero
    ZERO_IN_BASE = "relation.zero-in-base"  # share
    ROWS_CHANGED = "relation.rows-changed"  # share, stored
    LOW_RANK = "relation.low-rank"  # roles, least, most: ranks; stored, matrices, room
    DIRECTION_REMOVED = "relation.direction-removed"
    OTHERS_EQUAL = "relation.others-equal"  # tensors beside a low-rank change
    CHANGED_BESIDE = "relation.changed-beside"  # parts
    ONLY_CHANGED = "relation.only-changed"  # parts, matrices
    MOSTLY_EQUAL = "relation.mostly-equal"  # share, stored
    MATRICES_EQUAL = "relation.matrices-equal"  # equal, matrices
    DIRECTIONS_CHANGED = "relation.directions-changed"  # directions
    RELATIVE_CHANGE = "relation.relative-change"  # One figure for each part, by its name
    SAMPLED_CHANGE = "relation.sampled-change"  # change, families
    NOT_LOOKED_CLOSER = "relation.not-looked-closer"  # why (phrases)
    CHANNELS_TURNED = "relation.channels-turned"
    NEURONS_RELABELLED = "relation.neurons-relabelled"
    EXPERTS_RELABELLED = "relation.experts-relabelled"
    UNITS_RESCALED = "relation.units-rescaled"
    HEADS_RELABELLED = "relation.heads-relabelled"
    HEADS_TURNED = "relation.heads-turned"
    LAYERS_MOVED = "relation.layers-moved"
    """``base``, ``subject``: counts; ``places``: 'i in j'; ``more`` places."""
    SIZE_CHANGED = "relation.size-changed"  # axis, base, subject
    VOCABULARY_ROWS = "relation.vocabulary-rows"  # base, subject
    EMBEDDINGS_REBUILT = "relation.embeddings-rebuilt"
    TOKENS_MOVED = "relation.tokens-moved"
    KIND_MATCHES = "relation.kind-matches"
    """``kind``, ``found``, ``tested``: of a kind of body order; found 0 for none."""
    ONLY_ONE_SIDE = "relation.only-one-side"  # side, roles
    OTHER_VALUES = "relation.other-values"  # tensors: of no order, hold other values
    HEAD_OF_ANOTHER = "relation.head-of-another"  # tensors: hold other values
    NOT_HELD_AGAINST = "relation.not-held-against"
    """``what``: roles that the same values were not shown for."""
    EXPERTS_NOT_COMPARABLE = "relation.experts-not-comparable"  # experts, side
    EXPERTS_MATCH = "relation.experts-match"
    """``found``, ``compared``, ``total``; ``drawn``: the rest may not have been drawn; ``gone``
    (blocks), ``more``: experts that are not the base's."""
    NO_EXPERT_HOLDS = "relation.no-expert-holds"  # compared, total, side: whose MLP it is
    EXPERTS_HOLD_MLP = "relation.experts-hold-mlp"
    """``found``, ``compared``, ``total``, ``side``: where the experts are; ``change`` or absent."""
    MLPS_ARE_EXPERTS = "relation.mlps-are-experts"  # found, layers, experts
    MERGED_WITH = (
        "relation.merged-with"  # others, rule (a code); share, low, high where the rule gives one
    )
    STILL_ANCESTOR = "relation.still-ancestor"  # share, ancestor
    SUM_NEARER = "relation.sum-nearer"  # gain, best
    PARTS_ONLY = "relation.parts-only"  # parts: these match, the body does not
    PARTS_ALL = "relation.parts-all"  # parts, owner (base, subject): they are all that it holds
    PARTS_REST = "relation.parts-rest"
    """``parts``, ``missing``: share of the parameters that was not compared."""
    OF_THE_BODY = "relation.of-the-body"  # what (phrases): it is said of the body alone
    PARTS_DIFFER = "relation.parts-differ"  # parts: these do not match
    PARTS_UNTOLD = "relation.parts-untold"  # parts: of these it could not be told
    COMPONENT_RELATED = "relation.component"  # name, kind, what (phrases)
    COMPONENT_TENSORS = "relation.component-tensors"
    """``name``, ``equal``, ``compared``: tensors of a component that no order settled."""
    COMPONENTS_SAME = "relation.components-same"  # parts: the same bytes
    COMPONENTS_DIFFER = "relation.components-differ"  # parts: tested, no match
    COMPONENTS_OPEN = "relation.components-open"  # parts: not compared by orders
    COMPONENTS_ONLY = "relation.components-only"  # side, parts
    SOME_ORDERS = "relation.some-orders"  # held, lost
    SAME_START = "relation.same-start"  # bulk, top; parts where it is said of some alone
    SAME_START_TOKENS = "relation.same-start-tokens"
    """``kept``: of rows of tokens that training never saw."""
    TENSORS_EQUAL = "relation.tensors-equal"
    """``equal``, ``compared``, ``whole``; ``differing``: names; ``alone``: without counterpart."""
    FAR_OR_START = "relation.far-or-start"  # share of the expected neurons that match
    WRITERS_ORDER = "relation.writers-order"

    # -- what a layer map, widths and experts show
    NO_LAYER_FOUND = "map.no-layer-found"
    LAYERS_DROPPED = "map.layers-dropped"  # layers of the base
    LAYERS_REPEATED = "map.layers-repeated"  # layers, order: of the base, in the subject's order
    LAYERS_REORDERED = "map.layers-reordered"  # order
    LAYERS_OF_ANOTHER = "map.layers-of-another"
    """``layers`` of the base of which no order was found, ``found``: layers that were."""
    LAYERS_FOREIGN = "map.layers-foreign"  # layers of the subject
    LAYERS_TWICE_IN_BASE = "map.layers-twice-in-base"  # layers
    LAYERS_HOLLOW = "map.layers-hollow"  # layers: order agrees, content is too weak to tell
    FOUND_BY_MAP = "map.found-by-map"
    UNITS_KEPT = "map.units-kept"  # axis, base, subject, order
    EXPERTS_CHANGED = "map.experts-changed"
    """``change``, ``base``, ``subject``, ``found``, ``sampled``, ``shuffled``; ``gone`` or
    ``taken``: numbers of experts; ``alike``: the same in every layer."""

    # -- what was done to hide a copy
    NEURONS_SPLIT = "disguise.neurons-split"  # twins, units
    NEURONS_MOVED = "disguise.neurons-moved"  # stay, matched
    SIGNS_FLIPPED = "disguise.signs-flipped"  # flipped, matched
    UP_RESCALED = "disguise.up-rescaled"  # factor
    NORMS_FOLDED = "disguise.norms-folded"
    STREAM_RESIZED = "disguise.stream-resized"  # base, subject
    STREAM_ROTATED = "disguise.stream-rotated"
    CHANNELS_MOVED = "disguise.channels-moved"  # flipped: share, 0 for none
    LAYERS_SWAPPED = "disguise.layers-swapped"  # base, subject: layers, pairwise
    STREAM_CHANGED = "disguise.stream-changed"
    VOCABULARY_REPLACED = "disguise.vocabulary-replaced"

    # -- why one model is the later one
    DIGITS_LOST = "direction.digits-lost"  # side, matrices, fine, coarse
    LEVELS_LOST = "direction.levels-lost"  # side, share, bits, group
    VALUES_CUT = "direction.values-cut"  # side, share
    LINE_REMOVED = "direction.line-removed"  # side
    COMPUTED_LAST = "direction.computed-last"  # side
    SUM_COMPUTED = "direction.sum-computed"

    # -- which units: one order of a model. ``label`` below is one of these
    UNITS_CHANNELS = "units.channels"
    UNITS_RESERVED = "units.reserved-tokens"
    UNITS_EXPERTS = "units.experts"  # layer
    UNITS_GROUPS = "units.kv-groups"  # layer
    UNITS_NEURONS = "units.neurons"
    """``mlp``: dense, expert or shared; ``layer``; ``member``: the expert, or -1; ``first``: of the
    neurons, where an MLP was cut into pieces."""
    UNITS_VALUES = "units.vo-dimensions"  # layer, group; cross: of the attention to an encoder
    UNITS_MIXER = "units.mixer-channels"  # kind: role of its tensors; layer; head, or -1
    UNITS_AXIS = "units.axis"  # place
    BLOCK = "units.block"  # layer, member or -1, kind: where an order lies
    ORDER_PROBLEM = "order.problem"
    """``problem``: why an order may not be used, a code of ``statistics.exchangeability``;
    ``count`` and ``of``, or 0."""

    # -- which units a line of evidence is about, and what is to be known of it
    FAMILY = "family.units"  # label; place, member, found: another kind of MLP in the subject
    FAMILY_VIEW = "family.view"  # label, view: one view alone
    FAMILY_SIGNS = "family.signs"  # label: signs of up rows
    FAMILY_MATCHED_SIGNS = "family.matched-signs"  # layer: signs of up rows of matched neurons
    FAMILY_VALUE_SIGNS = "family.value-signs"  # layer: signs of matched V/O dimensions
    FAMILY_IDENTITY = "family.identity"
    FAMILY_ADAPTER = "family.adapter"  # adapter: its reference; empty for one beside the weights
    FAMILY_FILES = "family.files"  # files: by sha256
    FAMILY_ALL = "family.all"  # Every tensor
    FAMILY_WRITERS = "family.writers"
    """``layer``, ``frame``: a layer's neurons through the writers of another."""
    FAMILY_MAPPED = "family.mapped"  # layer, by: neurons in the order found in another layer
    FAMILY_DISGUISE = "family.disguise"  # layer, plain, reading: neurons matched by each matrix
    FAMILY_LAYERS = "family.layers"  # subject, base: numbers of layers
    FAMILY_CHANNELS_KEPT = "family.channels-kept"  # subject, base
    FAMILY_NEURONS_KEPT = "family.neurons-kept"  # label, few, many
    FAMILY_UP_BY_GATE = "family.up-by-gate"  # label
    FAMILY_IN_EXPERTS = "family.in-experts"  # layer
    FAMILY_ROUTER = "family.router"  # layer
    FAMILY_BY_TEST = "family.by-test"
    """``test``; ``layers``, or none: of a report by someone else, whose texts are dropped."""
    NOTE_PLACE = "note.place"  # place (a block), found: where in the subject
    NOTE_MLPS = "note.mlps"  # found, compared
    NOTE_SEPARATE = "note.separate"  # hits in every view alone
    NOTE_CEILING = "note.ceiling"
    NOTE_AXIS = "note.axis"  # known: class, library, version; blocks: units move in blocks only
    NOTE_FRAME = "note.frame"  # frame, detectable
    NOTE_SIGNS = "note.signs"  # undone: after a match was undone
    NOTE_VIEW = "note.view"
    NOTE_IDENTITY = "note.identity"  # whole, proven
    NOTE_ADAPTER = "note.adapter"
    NOTE_DIGESTS = "note.digests"
    NOTE_LAYER = "note.layer"  # layer of the subject
    NOTE_SHARED_MAP = "note.shared-map"
    NOTE_CALIBRATED = (
        "note.calibrated"  # models, score, pairs, greatest, outstanding, layer, reading
    )
    NOTE_LAYERS_FOUND = "note.layers-found"  # found, layers
    NOTE_INCREASING = "note.increasing"
    NOTE_COINS = "note.coins"  # ordered: False where no order of the neurons is needed
    NOTE_CONTENT = "note.content"
    NOTE_EXPERTS = "note.experts"  # found, orders
    NOTE_ROUTER = "note.router"
    BITS_EQUAL = "change.bits-equal"  # values, tensors, equal
    NOTHING_CHANGED = "change.nothing"
    CHANGED_BY_ROUNDING = "change.by-rounding"  # relative
    CHANGED = "change.changed"  # relative, cosine
    RANKS = "change.ranks"  # moved, matrices, low, most, high; untold, why (a code): by reason

    # -- what was not compared
    NOT_COMPARED = "coverage.not-compared"  # what, share; part where it is a tower's
    SHARE_NOT_COMPARED = "coverage.share"  # share of the parameters; what, of: or absent

    # -- what a look left aside, or could not do
    LOOK = "look.named"  # look: a name of ``evidence.looks.registry``, or of what is beside them
    LOOK_PART = "look.part"  # part: how this part moved
    LOOK_COMPONENT = "look.component"  # name
    LOOK_REFUSED = "look.refused"  # look (phrases), cause, side, detail
    NOT_MADE = "look.not-made"  # look, why (phrases)
    WHY = "look.why"  # why: a code of ``evidence.refused.Why``
    RENAMED = "look.renamed"  # matched, tensors: names of the subject say nothing
    PAIR_ORDER = "look.pair-order"
    """``side``, ``order``: a code of ``checkpoint.pair_order``; ``orders``: how many were tried."""
    EQUAL_AS_READ = "look.equal-as-read"  # compared, total: bytes
    ADAPTER_ADDED = "look.adapter-added"
    """``adapter``, ``base``; of ``matrices`` that it changes ``equal``, ``different``, ``silent``,
    ``absent``, ``left``; ``beside`` (tensors), ``values``."""
    ADAPTER_NOT_ADDED = "look.adapter-not-added"  # adapter, base, why: a code of ``NotAdded``
    ADAPTER_REFUSED = "look.adapter-refused"  # adapter, base, why (phrases)
    UNMATCHED = "look.unmatched"  # named (phrases), more
    UNMATCHED_ONE = "look.unmatched-one"  # tensor, side, why (phrases)
    TENSOR_LEFT = "look.tensor-left"
    """``why``: a code of ``evidence.looks.whole.pairing.Lost``; ``here`` and ``there``: shapes,
    ``dtype``, or ``missing`` rows ``of`` so many."""
    FIT_WORDS = "fit.words"  # widths of its vectors; fits: yes, no, or none where none are held
    FIT_MODULES = "fit.modules"  # modules, fitting: by name and shape
    TWO_DTYPES = "look.two-dtypes"  # values, dtype: both are rounded to it
    PACKED_VALUES = "look.packed-values"  # values
    NO_COUNTERPART = "look.no-counterpart"  # side, tensors, values
    STATE_NOT_KEPT = "look.state-not-kept"  # why
    MACHINE = "look.machine"
    """``missing``: what the machine of this run lacks; another one may say otherwise."""

    # -- what a reader should know of the whole report
    DOCUMENT = "document.unusable"
    """``path``, ``problem``: a code of ``candidates.documents.Problem``; with it ``size``,
    ``limit``, ``at``, ``line``, ``key``, ``kind`` (of a JSON value) or ``detail``, a parser's own
    text."""
    NO_REPOSITORY = "document.no-repository"  # text, problem: what of it is no repository's name
    # ``where`` and ``there`` of the next ones are places; in reports of schema 2.0 they are texts.
    DECLARES_ITSELF = "declaration.itself"  # where
    DECLARES_REVISIONS = "declaration.revisions"
    """``where``, ``revision``, ``base``; ``there`` and the ``other`` revision, which stands."""
    DECLARES_MANY = "declaration.many"  # more, taken
    DOCUMENT_UNUSABLE = "declaration.document"  # why (phrases)
    KEY_TWICE = "declaration.key-twice"  # where, key: the last one is used
    KEY_CUT = "declaration.key-cut"  # where, key, taken: values read of a list
    KEY_UNUSABLE = "declaration.key-unusable"  # where; key or empty; why (phrases)
    KEY_LOCAL = "declaration.key-local"  # where, key, value: looks like a folder
    KEY_NO_TEXT = "declaration.key-no-text"  # where, key
    NO_NAME = "declaration.no-name"  # where, key, kind (as in DOCUMENT); value or empty
    RELATION_WORD = "declaration.relation-word"
    """``where``, ``kind`` as in ``DOCUMENT``, ``value`` where it is a text; ``known``: the words
    that are read."""
    LEFT_OUT = "warning.left-out"  # path, why: as the error of opening it says
    FILES_DISAGREE = "warning.files-disagree"
    """``kind``: a code of ``checkpoint.disagreement``; ``ref``: whose files, empty for the
    subject's; ``file``, ``count``, ``example``, ``instead``."""
    ONLY_PROPOSED = "warning.only-proposed"  # base, repository
    CLOSER = "warning.closer"  # base, declared
    NONE_CLAIMED = "warning.none-claimed"
    HELD_BIT_FOR_BIT = "warning.held-bit-for-bit"  # equal, matrices
    HELD_CHANGE = "warning.held-change"  # share, families, bound
    NOT_NAMED = "warning.not-named"  # why: a word of verdict.closeness.NotNamed; families
    UPSTREAM = "warning.upstream"  # base, declared
    UNDATED = "warning.undated"  # base
    UNDECLARED_PART = "warning.undeclared-part"  # base
    NO_BASE = "warning.no-base"
    ALSO_NAMED = "warning.also-named"  # names
    LOOP = "warning.loop"  # model declares one that descends from it
    ANCESTOR_MISSING = "warning.ancestor-missing"  # model
    RELATION_DIFFERS = "warning.relation-differs"  # base, declared, found, why (phrases)
    ALLOWED = "warning.allowed"
    """``base``, ``why``: accepted by the policy file; ``until``: a day, or empty."""
    ALLOWANCE_ENDED = "warning.allowance-ended"  # base, until: a day that has passed
    NOT_SIGNED = "warning.not-signed"
    LIMIT_DISTILLATION = "limit.distillation"
    LIMIT_MATCH = "limit.match"
    LIMIT_BOUND = "limit.bound"
    LIMIT_UNRELATED = "limit.unrelated"

    # -- what sizes say
    SIZE_DIFFERS = "shape.size-differs"  # axis, base, subject
    SHAPE_RULES_OUT = "shape.rules-out"  # relation, axis, base, subject

    # -- what an error says of itself: the one text that is not the card's, and stands as a detail
    FAILED = "error.said"  # detail: what happened
    SUBJECT_FAILED = "error.subject"  # detail, cause, next_step: why no weights were read

    # -- what a search for bases met, and why a candidate was left aside
    SEARCH_MISSING = "search.missing"  # model
    SEARCH_CUT = "search.cut"  # models, steps: where the walk up the declared graph stopped
    SEARCH_CUT_BY = "search.cut-by"  # detail: of the error that ended that walk
    SEARCH_NO_SIZE = "search.no-size"
    SEARCH_NOT_CLOSELY = "search.not-closely"  # candidates
    CATALOGUE_HEADERS = "search.catalogue-headers"
    CATALOGUE_NO_SKETCH = "search.catalogue-no-sketch"
    CATALOGUE_UNREAD = "search.catalogue-unread"  # detail: of the error that kept it from it
    ASIDE_OTHER_SIZES = "aside.other-sizes"
    ASIDE_YOUNGER = "aside.younger"
    ASIDE_GATED = "aside.gated"
    ASIDE_MISSING = "aside.missing"

    # -- which of several folders were read
    LAYOUT_QUANTISATION = "layout.quantisation"  # folder, sets; refs: how the others are named
    LAYOUT_CUT = "layout.cut"  # left, taken: components
    LAYOUT_REFUSED = "layout.refused"  # component, detail
    LAYOUT_TOWER = "layout.tower"  # path of a tower that was left out, detail

    # -- what a repository shows of what a licence asks; ``title``: of a licence in our table
    LICENCE_FLAG = "licence.flag"
    """``status``, ``seen`` (phrases); ``licence``, ``clause`` and what it ``says`` (our table's
    words), or empty; ``base`` it rests on, ``basis`` (a phrase of ``basis.``)."""
    BASIS_DECLARED = "basis.declared"  # found: in the weights, too
    BASIS_FOUND = "basis.found"
    BASIS_ANCESTOR = "basis.ancestor"  # base: that leads to it
    BASIS_OWN = "basis.own-files"
    LICENCE_NO_LISTING = "licence.no-listing"
    LICENCE_FILE_THERE = "licence.file-there"  # file: LICENSE, NOTICE
    LICENCE_FILE_MISSING = "licence.file-missing"  # file
    LICENCE_TEXT_IN = "licence.text-in"  # title, path
    LICENCE_TEXT_ON_CARD = "licence.text-on-card"  # title
    LICENCE_FILE_EMPTY = "licence.file-empty"
    LICENCE_FILE_STRANGE = "licence.file-strange"  # title that it was expected to be
    LICENCE_FILE_OTHER = "licence.file-other"  # title
    LICENCE_NOTICE_UNKNOWN = "licence.notice-unknown"
    LICENCE_NO_NOTICE = "licence.no-notice"
    LICENCE_BASE_NAMED = "licence.base-named"
    LICENCE_BASE_NOT_NAMED = "licence.base-not-named"
    LICENCE_CHANGES_ELSEWHERE = "licence.changes-elsewhere"
    LICENCE_FOLDER = "licence.folder"
    LICENCE_NAME = "licence.name"  # name
    LICENCE_NAME_WITHOUT = "licence.name-without"  # name, word: anywhere in it
    LICENCE_NAME_BEGINS = "licence.name-begins"  # name, word: at its start
    LICENCE_CARD_UNREAD = "licence.card-unread"
    LICENCE_PHRASE = "licence.phrase"
    LICENCE_NO_PHRASE = "licence.no-phrase"  # wanted: one of these
    LICENCE_POLICY_FILE = "licence.policy-file"
    LICENCE_POLICY_NAMED = "licence.policy-named"
    LICENCE_NO_POLICY = "licence.no-policy"
    LICENCE_BY_USER = "licence.by-user"
    LICENCE_STATED = "licence.stated"  # title
    LICENCE_STATED_FREER = "licence.stated-freer"  # title
    LICENCE_NONE_STATED = "licence.none-stated"
    LICENCE_NOT_IN_TABLE = "licence.not-in-table"  # stated
    LICENCE_MADE_FROM_IT = "licence.made-from-it"
    LICENCE_BASE_STRANGE = "licence.base-strange"  # base, stated
    LICENCE_BASE_NONE = "licence.base-none"  # base
    LICENCE_BASE_TWO = "licence.base-two"  # base, tag, file: titles
    LICENCE_SEVERAL = "licence.several"  # places, titles

    # -- what is said beside the state of a required check
    GATE_ENDED = "gate.ended"  # ended: the exit code of a check that gave no result
    GATE_UNREAD = "gate.unread"  # files, more
    GATE_NOTHING = "gate.nothing"  # why: a word of ``NothingCompared``
    GATE_OPEN = "gate.open"  # bases that could not be tested, more
    GATE_COUNTED = "gate.counted"  # verdict, tested, bases
    GATE_MODELS = "gate.models"
    """``of_it`` of so many ``models`` are of the worst state; ``named``, ``more``."""

    # -- where something stands; in parameters called ``where`` as one phrase
    PLACE_FILE = "place.file"  # path
    PLACE_LINE = "place.line"  # path, line
    PLACE_KEY = "place.key"  # path, key
    PLACE_MENTION = "place.mention"  # path, line, how: link, code or text
    PLACE_HEADER = "place.header"  # format: gguf or safetensors; key, dotted below it
    PLACE_EARLIER = "place.earlier"  # where, commit: in a card of an earlier commit
    PLACES = "place.several"  # where: a name, and elsewhere its revision

    # -- why a base was tested, or found and not tested, beside a place that names it
    HINT_OPTION = "hint.option"  # option: of the command line
    HINT_SAME_WEIGHTS = "hint.same-weights"  # path: by digest
    HINT_SAME_TOKENIZER = "hint.same-tokenizer"  # path: by digest
    HINT_SAME_SHAPES = "hint.same-shapes"  # sizes: how many are known on both sides
    HINT_NEAR_SHAPES = "hint.near-shapes"  # sizes, differing: fields of ``candidates.shape.Shape``
    HINT_SAME_SIZE = "hint.same-size"  # parameters
    HINT_ANCESTOR = "hint.ancestor"  # child: who declares it, or empty
    HINT_SEARCH = "hint.search"  # architecture or empty; least, most: parameters
    HINT_CATALOGUE = "hint.catalogue"  # z, models

    # -- why a replay leaves a field open
    REPLAY_OPEN = "replay.open"
    """``why``: a code of ``verdict.differences.Open``; ``refs`` or ``schema`` where it is said of
    models or of an older report."""

    # -- whether a declared relation fits
    NOT_AN_ADAPTER = "declared.not-an-adapter"
    ADAPTER_ALONE = "declared.adapter-alone"
    ROUNDING_OR_TRAINING = "declared.rounding-or-training"
    NOTHING_TRAINED = "declared.nothing-trained"
    """``bytes``: the files are the same bytes; else the sampled values are."""
    RELATION_UNKNOWN = "declared.relation-unknown"
    MERGE_OF_ONE = "declared.merge-of-one"
    SAME_AS_ONE = "declared.same-as-one"
    BASES_FOUND = "declared.bases-found"  # found, declared
    MERGE_SHARE = "declared.merge-share"  # share, low, high
    NO_SHARES = "declared.no-shares"

    @classmethod
    def _missing_(cls, value: object) -> PhraseCode | None:
        """Take a code of a newer version for one whose words are not known."""
        return cls.UNKNOWN if isinstance(value, str) else None
