"""Questions outside the small world; the answer to every one of them is the same sentence."""

import random

OUTSIDE_ANSWER = "I only know simple shapes and numbers."

PEOPLE = (
    "this person",
    "the man",
    "the woman",
    "he",
    "she",
    "the boy",
    "the author",
    "the president",
    "the actor",
    "that",
    "you",
)
THINGS = (
    "cat", "dog", "car", "tree", "house", "person", "bird", "flower", "boat", "horse", "chair", "table", "bottle", "phone",
    "book", "plane", "train", "bicycle", "cup", "hat", "face", "road", "river", "mountain", "cloud", "fish", "cow", "lamp",
    "apple", "banana", "child", "window", "door", "building", "shirt", "computer", "logo", "sign", "animal", "plant",
)  # fmt: skip
PLURALS = (
    "cats",
    "dogs",
    "cars",
    "trees",
    "people",
    "birds",
    "faces",
    "houses",
    "chairs",
    "books",
    "animals",
    "windows",
    "fingers",
)
TOPICS = (
    "the sea", "love", "a cat", "spring", "the moon", "winter", "friendship", "rain", "my garden", "a lonely robot", "time",
    "music", "the city", "freedom", "football", "a journey", "autumn leaves", "the stars at night", "an old man",
)  # fmt: skip
LANGUAGES = ("French", "German", "Chinese", "Spanish", "English", "Italian", "Japanese", "Russian", "Latin", "Korean")
COUNTRIES = (
    "France", "Germany", "China", "Spain", "Italy", "Japan", "Brazil", "India", "Canada", "Egypt", "Norway", "Peru", "Kenya",
    "Poland", "Greece", "Mexico", "Sweden", "Turkey", "Chile", "Portugal",
)  # fmt: skip
FACTS = ("weather", "time", "temperature", "date", "news", "price", "brand", "name", "meaning of life", "title", "answer", "mood",
         "address", "license plate", "age of the person", "story", "season", "material", "style", "artist", "model", "speed")  # fmt: skip

TEMPLATES = (
    "Who is {person}?", "What is the {fact}?", "What is the {fact} like?", "Write a poem about {topic}.", "Write a story about {topic}.",
    "Write a song about {topic}.", "Tell me a joke about {topic}.", "Translate this into {language}.", "Translate the text to {language}.",
    "What is the capital of {country}?", "Where is {country}?", "Tell me about {country}.", "How old is {person}?", "What is {person} doing?",
    "Is there a {thing}?", "Is there a {thing} in this picture?", "Do you see a {thing}?", "How many {plural} are there?", "How many {plural} do you see?",
    "What color is the {thing}?", "Where is the {thing}?", "Locate the {thing}.", "Count the {plural}.", "What breed is the {thing}?",
    "Locate every {thing} and report bbox coordinates in JSON format.", "Who made this {thing}?", "How much does the {thing} cost?",
    "What is {a} plus {b}?", "What is {a}+{b}?", "How much is {a} times {b}?", "Solve x + {a} = {b}.", "What is the {fact} today?",
    "Write a Python function that {verb} a list.", "Write code to {verb} numbers.", "Explain {topic}.", "Explain quantum physics.",
    "Who wrote {topic}?", "Who invented the {thing}?", "Recommend a {thing}.", "Write an email about {topic}.", "Write a poem.", "Write a story.",
    "Tell me a story.", "Tell me a joke.", "Sing a song.", "What can you do?", "Who are you?", "What is your name?", "Hello", "Hi", "Hello!",
    "Hi there!", "Good morning.", "How are you?", "Thank you.", "Thanks!", "Are you sure?", "Why?", "Help", "Are you a robot?",
    "What day is it?", "What time is it?", "Where was this photo taken?", "When was this picture taken?", "Who took this photo?",
    "What is the person wearing?", "Is this person happy?", "Is it raining?", "What emotion does the face show?", "Is this real?",
    "Convert this page to HTML.", "Convert this page to markdown.", "qwenvl html", "qwenvl markdown", "Write the HTML for this screenshot.",
    "Give me the recipe.", "What should I cook?", "What species is this?", "What is this person's name?", "Which {thing} is it?",
    "Which city is this?", "What country is this?", "Is the {thing} on the left?", "What is the {thing} made of?", "Describe the {thing}.",
    "Describe the person.", "Describe the weather.", "Describe {topic}.", "Read the {thing}.", "Extract the table as CSV.", "Fill in the form.",
    "Who won the game?", "What is the score?", "What is the best {thing}?", "Can you play chess?", "Give me advice about {topic}.",
    "Summarize the article.", "Summarize the book.", "What is the meaning of this?", "What happens next?", "Is this safe to eat?",
    "Draw a {thing}.", "Make a picture of a {thing}.", "Where can I buy a {thing}?", "What is the population of {country}?",
    "Extract the invoice number and the total.", "Fix the grammar of this sentence.", "Plot this chart with Python.",
    "Should I buy a {thing}?", "Why is the sky blue?", "How far is {country}?", "How do I get to {country}?", "Do you like {topic}?",
)  # fmt: skip
OTHER_LANGUAGES = (
    "描述这张图片。", "这是什么？", "图里有什么？", "你好", "请描述图片。", "这个人是谁？", "今天天气怎么样？", "写一首诗。", "有几个形状？",
    "图中有多少个圆？", "请翻译成英文。", "法国的首都是哪里？", "圆是什么颜色？", "请读出文字。", "你是谁？", "帮我写一封邮件。", "看图说话",
    "这张照片是在哪里拍的？", "请用中文回答。", "两张图有什么不同？", "视频里发生了什么？", "定位所有形状。", "谢谢", "讲个笑话", "数字是多少？",
    "Décris cette image.", "Qu'est-ce que c'est ?", "Combien de formes y a-t-il ?", "Bonjour", "Quelle heure est-il ?", "Qui est-ce ?",
    "Beschreibe dieses Bild.", "Was ist das?", "Wie viele Formen gibt es?", "Guten Tag", "Wer ist das?", "Schreibe ein Gedicht.",
    "Describe esta imagen.", "¿Qué es esto?", "¿Cuántas formas hay?", "Hola", "¿Quién es?", "Descrivi questa immagine.", "Che cos'è?",
    "これは何ですか？", "この画像を説明してください。", "こんにちは", "Что это?", "Опиши картинку.", "Привет", "이게 뭐야?", "안녕하세요",
)  # fmt: skip
HAN = "的一是不了人我在有他这中大来上国个到说们为子和你地出道也时年得就那要下以生会自着去之过家学对可她里后小么心多天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动两长图形状颜色红蓝绿圆方块星数字"
OUTSIDE_HELD_OUT = (
    "Who is the woman in the red dress?", "What is the weather in London?", "Write a haiku about snow.", "What is the capital of Austria?",
    "Which football team is this?", "How many elephants are there?", "Translate this sentence into Dutch.", "What do you think about politics?",
    "Give me a list of good films.", "Is there a kangaroo in the picture?", "When did the war end?", "图片里有几只猫？", "给我讲一个故事。",
    "How tall is the Eiffel Tower?", "What is the square root of 144?", "Identify this plant.", "What kind of car is that?", "Diagnose this rash.",
)  # fmt: skip
VERBS = ("sorts", "reverses", "adds", "prints", "sort", "add", "count", "filters", "merges")


def sample_outside(rng: random.Random) -> str:
    """A question that has nothing to do with shapes and printed numbers, in one of several languages."""
    kind = rng.random()
    if kind < 0.14:
        return rng.choice(OTHER_LANGUAGES)
    if kind < 0.19:
        return "".join(rng.choice(HAN) for _ in range(rng.randint(2, 14))) + rng.choice(("？", "。", "", "?"))
    if kind < 0.23:
        syllables = ("ka", "lo", "mi", "ter", "sta", "ple", "on", "ing", "dra", "vu", "che", "ri", "ous", "wen", "fa")
        words = ["".join(rng.choice(syllables) for _ in range(rng.randint(1, 4))) for _ in range(rng.randint(1, 8))]
        return " ".join(words).capitalize() + rng.choice(("?", ".", ""))
    return rng.choice(TEMPLATES).format(
        person=rng.choice(PEOPLE), fact=rng.choice(FACTS), topic=rng.choice(TOPICS), language=rng.choice(LANGUAGES),
        country=rng.choice(COUNTRIES), thing=rng.choice(THINGS), plural=rng.choice(PLURALS), a=rng.randint(1, 99),
        b=rng.randint(1, 99), verb=rng.choice(VERBS),
    )  # fmt: skip
