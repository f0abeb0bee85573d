"""Learn the weights of the judge of unhappiness from comments that people have labelled.

    learn_unhappy.py comments.csv [more.csv ...] [--write]

The files have the columns of ``eval_unhappy.py``. The words and groups of the shipped file stay as
people wrote them; its weights are learned anew: a linear support-vector machine with squared hinge
loss, by dual coordinate descent (Hsieh et al., ICML 2008), with a fixed seed. Standard library
only.
Without ``--write`` the figures of five-fold cross-validation are all that it gives.
"""

import argparse
import csv
import math
import random
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from eval_unhappy import WORDS, load_judge, measure, read_comments  # noqa: E402

EXAMPLES = Path(__file__).resolve().parent / "unhappy_examples.csv"
# A feature of fewer texts says more about those texts than about people.
LEAST_TEXTS = 4
SOFTNESS = 0.006
PASSES = 60
FOLDS = 5
# One who wrote to us and is not heard is worse than one who is heard too much.
LEAST_RECALL = 0.87


def read_groups(module):
    """The rows of the shipped file that put words into groups, and what they mean."""
    with open(WORDS, encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["group"]]
    return rows, module.read_rows(rows)[0]


def learn(texts, labels):
    """``{feature: weight}`` and the bias, of features as the judge finds them."""
    frequency = Counter(name for text in texts for name in text)
    weight = {
        name: math.log((1 + len(texts)) / (1 + count)) + 1
        for name, count in frequency.items()
        if count >= LEAST_TEXTS
    }
    rows = []
    for text in texts:
        known = [name for name in text if name in weight]
        scale = (len(known) + 1) ** -0.5
        rows.append([(name, weight[name] * scale) for name in known] + [("bias", 1.0)])
    unhappy = sum(labels)
    cost = {
        True: SOFTNESS * len(labels) / (2 * unhappy),
        False: SOFTNESS * len(labels) / (2 * (len(labels) - unhappy)),
    }
    learned, alpha = dict.fromkeys([*weight, "bias"], 0.0), [0.0] * len(rows)
    norms = [sum(value * value for _name, value in row) for row in rows]
    order, chance = list(range(len(rows))), random.Random(1)
    for _pass in range(PASSES):
        chance.shuffle(order)
        for index in order:
            sign = 1 if labels[index] else -1
            diagonal = 1 / (2 * cost[labels[index]])
            margin = sum(learned[name] * value for name, value in rows[index])
            gradient = sign * margin - 1 + alpha[index] * diagonal
            new = max(alpha[index] - gradient / (norms[index] + diagonal), 0.0)
            step, alpha[index] = (new - alpha[index]) * sign, new
            if step:
                for name, value in rows[index]:
                    learned[name] += step * value
    bias = learned.pop("bias")
    return {name: value * weight[name] for name, value in learned.items()}, bias


def scores(module, groups, weights, texts):
    judge = module.Judge(groups, weights | {"bias": 0.0})
    return [judge.judge(text).score for text in texts]


def threshold(pairs):
    """The score over which F1 is best among those that hear ``LEAST_RECALL`` of the unhappy."""
    total, hit, best = sum(label for _score, label in pairs), 0, (0, 0)
    ordered = sorted(pairs, reverse=True)
    for place, (score, label) in enumerate(ordered, 1):
        hit += label
        if hit / total >= LEAST_RECALL:
            after = ordered[place][0] if place < len(ordered) else score - 1
            best = max(best, (2 * hit / (place + total), (score + after) / 2))
    return best[1]


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("csv", nargs="+", help="comments with text and unhappy or sentiment")
    parser.add_argument("--write", action="store_true", help="put the weights into the file")
    options = parser.parse_args(arguments)
    try:
        comments = [pair for path in options.csv for pair in read_comments(path)]
    except ValueError as error:
        print(f"learn_unhappy.py: {error}.", file=sys.stderr)
        return 1
    module = load_judge()
    kept, groups = read_groups(module)
    # What people write to a hospital differs from what they answer to a survey.
    examples = read_comments(EXAMPLES) * 2
    finder = module.Judge(groups, {})
    features = {text: finder.features(text) for text, _label in [*comments, *examples]}
    order = list(range(len(comments)))
    random.Random(0).shuffle(order)
    pairs = []
    for fold in range(FOLDS):
        apart = set(order[fold::FOLDS])
        part = [pair for index, pair in enumerate(comments) if index not in apart] + examples
        weights, _bias = learn([features[text] for text, _ in part], [label for _, label in part])
        left = [comments[index] for index in sorted(apart)]
        found = scores(module, groups, weights, [text for text, _label in left])
        pairs += zip(found, (label for _text, label in left), strict=True)
    limit = threshold(pairs)
    figures = measure([(score > limit, label) for score, label in pairs])
    print(f"cross-validated over {len(pairs)} comments: {figures}")
    if options.write:
        everything = comments + examples
        weights, _bias = learn(
            [features[text] for text, _ in everything], [label for _, label in everything]
        )
        write(kept, weights | {"bias": -limit})
    return 0


def write(kept, weights):
    """Put the groups and the weights into the shipped file, the weights by their names."""
    with open(WORDS, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["phrase", "group", "weight"])
        writer.writerows([row["phrase"], row["group"], ""] for row in kept)
        for name in sorted(weights):
            if name == "bias" or abs(weights[name]) >= 0.005:
                writer.writerow([name, "", f"{weights[name]:.3f}"])


if __name__ == "__main__":
    sys.exit(main())
