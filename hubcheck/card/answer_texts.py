"""Which fixed sentences does an answer to an accusation have, in English and in Korean?

None holds a figure: those stand in tables, once, from the report.
"""

from __future__ import annotations

from typing import Final

from hubcheck.frozen import frozen
from hubcheck.report.words import Verdict


@frozen(kw_only=False)
class Text:
    """One sentence in both languages."""

    en: str
    ko: str


TEXTS: Final[dict[str, Text]] = {
    "title": Text(
        "What the weights say, and what a cosine of norms does not",
        "가중치가 말해 주는 것, 그리고 노름 코사인이 말해 주지 못하는 것",
    ),
    "what": Text(
        "This page answers the claim that one model was copied from another because a raw number "
        "such as the cosine of their norm weights is high. Every figure is read from a report that "
        "anybody can make again from the commits and digests below.",
        "이 문서는 노름 가중치의 코사인과 같은 원시 수치가 높다는 이유로 한 모델이 다른 모델을 "
        "복사했다는 주장에 답합니다. 모든 수치는 아래의 커밋과 다이제스트로부터 누구나 다시 만들 수 "
        "있는 보고서에서 가져온 것입니다.",
    ),
    "claim": Text("1. The claim, recomputed", "주장의 재계산"),
    "claim-text": Text(
        "The raw cosine of the norm weights, beside the same number after the channels of one side "
        "were shuffled (nothing of the order is left) and after the mean was taken out (centred).",
        "노름 가중치의 원시 코사인과, 한쪽의 채널을 무작위로 섞은 뒤의 값(순서 정보가 남지 않음), "
        "그리고 평균을 뺀 뒤의 값(centred)을 나란히 보입니다.",
    ),
    "no-norms": Text(
        "The report holds no norm weights to compare.",
        "이 보고서에는 비교할 노름 가중치가 없습니다.",
    ),
    "no-order": Text(
        "In every row the shuffled value keeps at least nine tenths of the raw one: the raw cosine "
        "hardly uses which channel is which, so it cannot tell a copy from a stranger here.",
        "모든 행에서 섞은 값이 원시 값의 10분의 9 이상을 유지합니다. 원시 코사인은 어느 채널이 어느 "
        "채널인지를 거의 사용하지 않으므로, 여기서는 복사본과 무관한 모델을 구별할 수 없습니다.",
    ),
    "stranger": Text(
        "The control on strangers: a row that the exact test calls unrelated shares no order of "
        "units with this model, and its raw cosine stands beside the others.",
        "무관한 모델에 대한 대조: 정확 검정이 unrelated로 판정한 행은 이 모델과 유닛의 순서를 "
        "공유하지 않으며, 그 원시 코사인이 다른 행과 나란히 있습니다.",
    ),
    "no-stranger": Text(
        "No model of this report was found unrelated, so the control on strangers is missing here: "
        "check again with --suspect and a model trained apart. hubcheck demo shows one.",
        "이 보고서에는 unrelated로 판정된 모델이 없어 무관한 모델에 대한 대조가 빠져 있습니다. 따로 "
        "훈련된 모델을 --suspect로 지정해 다시 검사하십시오. hubcheck demo가 그 예를 보여 줍니다.",
    ),
    "curve": Text("2. The curve of standard deviations", "표준편차 곡선"),
    "curve-text": Text(
        "How the standard deviation of the attention matrices runs over the layers has been quoted "
        "as a fingerprint. Beside each model stands the correlation of its curve with the "
        "subject's, for each kind of matrix, estimated from rows of at most sixteen layers. A "
        "curve has few points, and it is not known how often two models trained apart have alike "
        "ones: the rows below that the exact test calls unrelated are the only measure of it here.",
        "어텐션 행렬의 표준편차가 층을 따라 변하는 모양이 지문으로 인용된 적이 있습니다. 각 모델 옆에는 "
        "행렬 종류별로 그 곡선과 대상 모델 곡선의 상관계수를 적었으며, 최대 열여섯 층의 행에서 추정한 "
        "값입니다. 곡선은 점이 적고, 따로 훈련된 두 모델의 곡선이 얼마나 자주 비슷한지는 알려져 있지 않습니다. 여기서는 "
        "정확 검정이 unrelated로 판정한 아래의 행만이 그 척도입니다.",
    ),
    "curve-not-read": Text(
        "It was not read for this page: hubcheck answer REPORT --curve reads the pinned weights and "
        "adds it.",
        "이 문서를 위해 읽지 않았습니다. hubcheck answer REPORT --curve 명령이 고정된 가중치를 읽어 "
        "추가합니다.",
    ),
    "no-curve": Text(
        "No curve could be read: too few layers, another kind of model, or weights that are gone.",
        "곡선을 읽을 수 없었습니다. 층이 너무 적거나, 다른 종류의 모델이거나, 가중치가 없어졌습니다.",
    ),
    "curve-stranger": Text(
        "The control on strangers: the correlation in a row that the exact test calls unrelated is "
        "what two models have without sharing any order of units.",
        "무관한 모델에 대한 대조: 정확 검정이 unrelated로 판정한 행의 상관계수는 유닛의 순서를 전혀 "
        "공유하지 않는 두 모델이 갖는 값입니다.",
    ),
    "test": Text("3. The exact test", "정확 검정"),
    "test-text": Text(
        "The order of a model's units (neurons, channels, heads) is free when training begins. Two "
        "models trained apart agree in it by chance alone, about one unit in each family, and that "
        "chance is counted exactly. Each dot is a unit of the base, from left to right, and the "
        "unit of the subject nearest to it, from top to bottom.",
        "모델을 이루는 유닛(뉴런, 채널, 헤드)의 순서는 훈련이 시작될 때 자유롭습니다. 따로 훈련된 두 "
        "모델의 순서는 우연히만, 유닛 묶음마다 약 한 개씩 일치하며 그 확률은 정확히 계산됩니다. 각 "
        "점은 기반 모델의 유닛(왼쪽에서 오른쪽)과 그에 가장 가까운 대상 모델의 유닛(위에서 아래)입니다.",
    ),
    "not-tested": Text(
        "No base of this report was tested.",
        "이 보고서에서 검정된 기반 모델이 없습니다.",
    ),
    "scale": Text("4. For scale: a declared relative", "비교 기준: 선언된 친족 모델"),
    "scale-text": Text(
        "What kinship looks like by the same test, of a base that the subject declares:",
        "대상 모델이 선언한 기반 모델에 같은 검정을 적용하면 친족 관계는 다음과 같이 나타납니다.",
    ),
    "no-scale": Text(
        "The report holds no declared relative. For scale, check a known fine-tune of the same base "
        "in the same way.",
        "이 보고서에는 선언된 친족 모델이 없습니다. 비교 기준으로 같은 기반 모델의 알려진 미세 조정 "
        "모델을 같은 방법으로 검사하십시오.",
    ),
    "meaning": Text("5. What this means, and what not", "의미하는 것과 의미하지 않는 것"),
    "limits": Text(
        "Weights say nothing of training data, of ideas or of anybody's intent, and distillation "
        "leaves no trace in them.",
        "가중치는 훈련 데이터나 아이디어, 누군가의 의도에 대해 아무것도 말해 주지 않으며, 증류는 "
        "가중치에 흔적을 남기지 않습니다.",
    ),
    "repeat": Text("6. Repeat it", "재현 방법"),
    "repeat-text": Text(
        "Publish report.json beside this page. The seed of the draw is written down, "
        "so anybody can read the same bytes and must get the same numbers. A browser "
        "prints this page to PDF.",
        "이 문서와 함께 report.json을 공개하십시오. 추출에 쓰인 시드가 기록되어 있으므로 누구나 같은 "
        "바이트를 읽어 같은 수치를 얻어야 합니다. 브라우저에서 이 문서를 PDF로 인쇄할 수 있습니다.",
    ),
}

VERDICTS: Final[dict[Verdict, Text]] = {
    Verdict.IDENTICAL: Text(
        "identical: the weights are the same. It does not say who published first.",
        "identical: 가중치가 같습니다. 누가 먼저 공개했는지는 말해 주지 않습니다.",
    ),
    Verdict.RELATED: Text(
        "related: derivation in either direction, a common ancestor or a common initialisation. It "
        "does not say who copied whom.",
        "related: 어느 한 방향의 파생, 공통 조상, 또는 공통 초기값을 뜻합니다. 누가 누구를 복사했는지는 "
        "말해 주지 않습니다.",
    ),
    Verdict.DISGUISED: Text(
        "disguised: units match once a reordering or a rotation is undone, by a bound calibrated on "
        "small models; it is no proof, and no intent is in it.",
        "disguised: 재배열이나 회전을 되돌리면 유닛이 일치합니다. 그 한계는 작은 모델에서 보정된 것으로 "
        "증명이 아니며, 의도를 뜻하지 않습니다.",
    ),
    Verdict.UNRELATED: Text(
        "unrelated: the agreement is what chance gives, and a copy of the printed similarity would "
        "have been seen. A copy below it, or one that was shuffled and rotated, can be missed at "
        "depth sample.",
        "unrelated: 일치 정도가 우연과 같으며, 표시된 유사도를 가진 복사본이라면 발견되었을 것입니다. 그보다 "
        "낮거나 섞고 회전한 복사본은 sample 깊이에서 놓칠 수 있습니다.",
    ),
    Verdict.INCONCLUSIVE: Text(
        "inconclusive: too little was seen for a match and too little for its absence. It is no "
        "suspicion.",
        "inconclusive: 일치라고도, 일치하지 않는다고도 말하기에 본 것이 부족합니다. 의심을 뜻하지 않습니다.",
    ),
    Verdict.NOT_TESTED: Text(
        "not-tested: no weights of this base were compared. It says nothing about the model.",
        "not-tested: 이 기반 모델의 가중치는 비교되지 않았습니다. 모델에 대해 아무것도 말해 주지 않습니다.",
    ),
}
