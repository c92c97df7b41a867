"""How the shipped pooling models are made: their data, settings and words."""

from __future__ import annotations

from attnviz.training import corpora, data
from attnviz.training.recipe import ClassifierRecipe
from attnviz.training.settings import Settings

TOPICS_EN = ClassifierRecipe(
    name="topics-en",
    task="topics",
    languages=("en",),
    title={"en": "Topics (English)", "ja": "話題（英語）"},
    summary={
        "en": "Says which of ten everyday topics a request to a voice assistant belongs to: banking, travel, small "
        "talk and so on.",
        "ja": "音声アシスタントへの英語の発話が、銀行・旅行・雑談など10の話題のどれに当たるかを判定します。",
    },
    notes={
        "en": "It was trained on short requests to an assistant and gives every sentence one of its ten topics, "
        "also one that belongs to none. It adds up words: a word of another topic misleads it, and the order "
        "of words hardly counts. The assistant's settings (meta) and small talk are the easiest to "
        "confuse, then utility and the car.",
        "ja": "短いアシスタント向けの発話で訓練されており、どの話題にも当てはまらない文にも必ず10のうち一つを答えます。"
        "単語の寄与を足し合わせるだけなので、別の話題の単語があると誤りやすく、語順はほとんど効きません。"
        "設定（meta）と雑談が最も混同しやすく、次いで便利機能と車です。",
    },
    labels=(
        "banking",
        "credit_cards",
        "kitchen_and_dining",
        "home",
        "auto_and_commute",
        "travel",
        "utility",
        "work",
        "small_talk",
        "meta",
    ),
    label_names={
        "en": (
            "Banking",
            "Credit cards",
            "Kitchen and dining",
            "Home",
            "Car and commute",
            "Travel",
            "Utility",
            "Work",
            "Small talk",
            "Assistant settings",
        ),
        "ja": (
            "銀行",
            "クレジットカード",
            "料理と食事",
            "家",
            "車と通勤",
            "旅行",
            "便利機能",
            "仕事",
            "雑談",
            "アシスタントの設定",
        ),
    },
    examples=(
        "Book a table for two at an Italian restaurant tonight",
        "How much money is in my savings account?",
        "My credit card was stolen, what should I do?",
        "What is the weather like in Kyoto tomorrow?",
        "Do I need a visa to travel to Japan?",
        "How many vacation days do I have left?",
        "Tell me a joke about robots",
        "The professor explained attention to the students",
    ),
    probes=(
        "book a table for two",
        "book a flight for two",
        "two for table a book",
        "how do i pay the bill at the restaurant",
        "the professor explained attention to the students",
    ),
    tokenizer={"kind": "words"},
    datasets=(data.CLINC150,),
    corpus=lambda seed, quiet=False: corpora.clinc150(quiet=quiet),
    split="Official: 15,000 to train, 3,000 to validate, 4,500 to test. The out-of-scope rows are not used. The"
    " ten domains are the classes.",
    settings=Settings(epochs=10, learning_rate=2e-3, weight_decay=2.0, label_smoothing=0.1, seed=7),
    min_count=1,
    licence="CC BY 3.0 (as the data); code Apache-2.0",
    tried=(
        "The 150 intents as an auxiliary task: worse, the more it counted.",
        "Without a decay of W the weights grew sharper than was good: a moderate decay gave the best figure, a "
        "strong one made attention diffuse again.",
        "More dropout on features, context or hidden layer, more word dropout, smaller batches, more passes: no "
        "better.",
        "Weight decay on all layers, and leaving out words seen once: worse or no better.",
        "Averaging the predictions of several seeds: no better than one, so distilling them was not pursued.",
        "Stronger label smoothing: as accurate, but less sure than it has reason to be; without it the model is surer.",
    ),
)

POLITENESS_JA = ClassifierRecipe(
    name="politeness-ja",
    task="politeness",
    languages=("ja",),
    title={"en": "Politeness (Japanese)", "ja": "ていねいさ（日本語）"},
    summary={
        "en": "Says how polite a Japanese sentence is: plain, polite (desu/masu) or honorific (keigo).",
        "ja": "日本語の文のていねいさを、普通体・ていねい体（です・ます）・敬語の三段階で判定します。",
    },
    notes={
        "en": "What marks a plain sentence is often an absence: no desu, no masu. Attention can only point at "
        "tokens that are there. In a plain sentence it therefore rests on a plain ending or on some ordinary "
        "word, and a high weight there does not say that this word makes the sentence plain. The border "
        "between polite and honorific is a matter of degree, and most mistakes lie on it; people drew it "
        "sentence by sentence.",
        "ja": "普通体の目印は、多くの場合「です・ます」が無いことです。注意の重みは文中に在る語にしか付きません。"
        "普通体の文では文末や普通の語に重みが集まりますが、その語が文を普通体にしているという意味ではありません。"
        "ていねい体と敬語の境界は程度の問題で、誤りの多くはそこで起こります。境界は人が一文ずつ決めたものです。",
    },
    labels=("plain", "polite", "honorific"),
    label_names={"en": ("Plain", "Polite", "Honorific"), "ja": ("普通体", "ていねい体", "敬語")},
    examples=(
        "明日、学校に行くよ。",
        "明日、学校に行きます。",
        "明日、学校にいらっしゃいますか。",
        "資料を拝見いたしました。",
        "少々お待ちくださいませ。",
        "ちょっと待ってて。",
        "先生は何を召し上がりましたか。",
        "お茶をどうぞ。",
    ),
    probes=(
        "明日、学校に行くよ。",
        "明日、学校に行く。",
        "明日、学校に行きます。",
        "明日、学校にまいります。",
        "明日、学校にいらっしゃいますか。",
        "お茶をどうぞ。",
    ),
    tokenizer={"kind": "sudachi", "mode": "C"},
    datasets=(data.KEICO,),
    corpus=corpora.keico,
    split="No official split. A random 15 % to test, 10 % of the rest to validate; equal sentences stand on one"
    " side. The cross-validation holds out whole fields (topics of conversation) instead.",
    settings=Settings(
        epochs=12, auxiliary=1.0, learning_rate=1e-3, feature_dropout=0.5, sharpness=0.05, balance=True, seed=7
    ),
    min_count=1,
    licence="CC BY 4.0 (as the data); code Apache-2.0",
    folds=5,
    tried=(
        "Learning rates: at a higher one the best pass comes after one or two, before attention has formed.",
        "Sudachi's split modes: A reads the same as C in most of these sentences and was no better.",
        "The four levels as an auxiliary task: slightly better than without.",
        "Leaving out words seen once or twice: no better.",
        "Strong dropout with weight decay on all layers: worse.",
        "A cost on the entropy of the weights: the small one that was kept changes little; a larger one gives "
        "sharper weights that tell less about the prediction, and a worse model.",
    ),
)

SENTIMENT_EN = ClassifierRecipe(
    name="sentiment-en",
    task="sentiment",
    languages=("en",),
    title={"en": "Sentiment (English)", "ja": "感情極性（英語）"},
    summary={
        "en": "Says whether an English sentence speaks well or badly of something; learned from film and product "
        "reviews and tweets rated by people.",
        "ja": "英語の文が肯定的か否定的かを判定します。人が評価した映画評・商品評・ツイートから学習しました。",
    },
    notes={
        "en": "A pooling model adds up what each word brings, wherever it stands. So “not” can weigh against "
        "“good”, but it cannot turn it round, and “not bad” gets two reasons to be called negative. Whether a"
        " negated sentence comes out right depends on which word is stronger, not on grammar. Irony, "
        "comparison and “but” are beyond it.",
        "ja": "プーリングのモデルは、位置によらず各語の寄与を足し合わせます。“not” は “good” に対抗はできても、"
        "意味を反転させることはできません。“not bad” は否定的な語が二つあるだけに見えます。"
        "否定文が当たるかどうかは文法ではなく、どちらの語が強いかで決まります。皮肉・比較・“but” も扱えません。",
    },
    labels=("negative", "positive"),
    label_names={"en": ("Negative", "Positive"), "ja": ("否定的", "肯定的")},
    examples=(
        "A wonderful film with a brilliant cast",
        "The plot is dull and the jokes are terrible",
        "good",
        "not good",
        "not good at all",
        "not bad",
        "I love this camera, but the battery is a disaster",
        "I expected to hate it and I was wrong",
    ),
    probes=(
        "good",
        "not good",
        "not good at all",
        "bad",
        "not bad",
        "not bad at all",
        "it is not a good film",
        "I don't love it",
    ),
    tokenizer={"kind": "words"},
    datasets=(data.HUTTO,),
    negation=True,
    corpus=corpora.hutto,
    split="No official split. Rated above 0.5 or below -0.5: 80 % to train, 5 % to validate, 15 % to test, "
    "stratified by source (films, products, tweets). Snippets rated between have no class and are in no "
    "validation or test part; training sees them with a soft target.",
    settings=Settings(
        epochs=8,
        auxiliary=1.0,
        learning_rate=1e-3,
        word_dropout=0.2,
        feature_dropout=0.5,
        label_smoothing=0.0,
        sharpness=0.1,
        seed=7,
    ),
    licence="MIT (as the data); code Apache-2.0",
    tried=(
        "Higher learning rates, and little dropout on the features: the model learns rare words by heart at once.",
        "Soft targets from the mean rating, and the undecided snippets with them, were kept from the start; hard "
        "targets were not compared.",
        "The rating in five steps as an auxiliary task: slightly better than without.",
        "A larger vocabulary threshold, more word dropout, weight decay on all layers: no better.",
        "A cost on the entropy of the weights: the larger of those tried gave sharper weights and the best figure; "
        "kept.",
    ),
)
