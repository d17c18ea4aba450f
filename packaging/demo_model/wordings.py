"""The ways a question may be put, by task; the held-out ones are used by the evaluation only."""

import random
import re

IMAGE_NOUNS = ("image", "picture", "photo", "drawing", "image", "picture")

DESCRIBE = (
    "Describe this {n}.", "Describe the {n}.", "Describe this {n}.", "What is in this {n}?", "What is in the {n}?",
    "What do you see?", "What can you see?", "What do you see in this {n}?", "What does this {n} show?",
    "What is shown here?", "What is this?", "Tell me what you see.", "Tell me about this {n}.", "Describe it.",
    "Describe this {n} in detail.", "Describe the {n} in one sentence.", "Briefly describe this {n}.",
    "Give a short description of this {n}.", "Write a caption for this {n}.", "Caption this {n}.",
    "What is there in the {n}?", "Explain what is in this {n}.", "Can you describe this {n}?", "What's in this {n}?",
    "What's this?", "Please describe what you see in the {n}.", "What is pictured here?", "Describe what you see.",
    "Describe this {n} in detail. Include colors, positions and text.", "Which things are in this {n}?",
    "Describe everything in the {n}, with colour, shape and place.", "Describe", "What is on the {n}?",
    "Look at this {n} and tell me what is in it.", "Summarize this {n}.", "List what is in this {n}.",
    "Describe the {n} for someone who cannot see it.", "What objects are in the {n}?", "What is it?",
    "Write one sentence about this {n}.", "Could you tell me what this {n} shows?", "Describe the shapes.",
    "Describe this {n}: colour, shape and place of everything.", "Give a detailed description of the {n}.",
    "What shapes are in the {n}, and where are they?", "Which shapes do you see?", "What shapes are there?",
    "[Describe|Explain|Summarize|Caption|Outline|Characterize|Sum up|Present] [this|the|my|the attached|the given] {n}[| in detail| briefly| in one sentence| in a few words| precisely| for me].",
    "[What is|What's|What things are|Which objects are|What do you notice|What do we see|What can you see|What do you find|What exactly is] [in|on] [this|the|that|my] {n}?",
    "[What is|What's] [shown|visible|depicted|displayed|drawn|presented] [in this {n}|in the {n}|here|on the {n}]?",
    "[Tell me|Report|State|Explain|Write down|List] what [is in|you see in|is shown in|appears in|is on] [this|the] {n}.",
    "[Give|Write|Provide|Produce|Make|Generate] a [short|brief|detailed|precise|complete|simple] [description|caption|summary|account] [of|for] [this|the] {n}.",
    "What does [this|the|that] {n} [show|contain|depict|display|look like]?",
    "What [kind of|] [shape|thing|object] is [this|it|that|shown here]?",
    "[Please describe|I want to know|Say briefly] what [is here|you see here|is in it].",
    "What [can be seen|is to be seen|may be seen|could be seen|is there to see] [in|on] [this|the|that] {n}?",
    "[Can|Could|Would|Will] you [please |][describe|explain|tell me about|talk about|summarize] [this|the] {n}[| to me| for me]?",
    "[I would like|I need|I want] a [description|summary|caption] of [this|the] {n}.",
)  # fmt: skip
DESCRIBE_HELD_OUT = (
    "What would you say is in this {n}?",
    "Please give me a description of this {n}.",
    "Say what the {n} shows.",
)

COUNT = (
    "How many shapes are there?", "How many shapes are in this {n}?", "How many shapes do you see?", "Count the shapes.",
    "Count the shapes in the {n}.", "How many shapes?", "How many objects are there?", "How many objects are in the {n}?",
    "How many things do you see?", "Tell me how many shapes there are.", "What is the number of shapes?",
    "How many figures are in the {n}?", "Count the objects.", "Count all shapes in this {n}.", "How many are there?",
    "Please count the shapes.", "Count everything.", "How many items are in the picture?",
    "How many [shapes|objects|things|figures|items|elements|forms] [are there|do you see|are visible|are shown|appear|can you see|are present][| in this {n}| in the {n}| here]?",
    "[Count|Count up|Number] [the|all|all the|all of the] [shapes|objects|things|figures|items][| in this {n}| in the {n}| here| please].",
    "[What is|Tell me|Give me|State] the [number|total number|count|total] of [shapes|objects|things|figures][| in the {n}| in this {n}].",
)  # fmt: skip
COUNT_HELD_OUT = ("How many shapes can you count here?", "Can you count the shapes in this {n}?")

COUNT_KIND = (
    "How many {k}s are there?", "How many {k}s do you see?", "Count the {k}s.", "How many {k}s are in this {n}?",
    "How many {k}s?", "What is the number of {k}s?",
)  # fmt: skip

READ = (
    "What does the text say?", "Read the text.", "Read all the text in the {n}.", "Read all the text in the image.",
    "What number is this?", "What number do you see?", "Read the number.", "What is the number?", "Which number is it?",
    "What is written here?", "What does it say?", "What is written in the {n}?", "Read this.", "Transcribe the text.",
    "Which number is in the {n}?", "What text is in this {n}?", "Read the digits.", "What digits are shown?",
    "Extract the text.", "What number is shown?", "OCR", "Read all text in this {n}.", "Read the text in the {n}.",
    "Read all the text in the {n}. Give only the text.", "Transcribe all text in this {n}.", "Is there any text?",
    "Extract all text from this {n}.", "Write down the text in the {n}.", "What is printed here?",
    "[Read|Transcribe|Extract|Recognize|Type out|Copy|Write out] [the|all|all the|any] [text|number|digits|numbers|characters|writing][| in this {n}| in the {n}| from the {n}| on the {n}| here| you see].",
    "[What|Which] [number|text|digits|word|figure] [is|do you see|is shown|is written|is visible|stands|can you see] [in this {n}|in the {n}|here|there|on the {n}]?",
    "What does [the text|the number|this {n}|the {n}|the sign|the writing] say?",
    "[Read|Read out|Read aloud] [this|it|the number|the text].",
)  # fmt: skip
READ_HELD_OUT = ("Can you read this number?", "Which digits are printed in the {n}?")

LOCATE = (
    "Locate every shape and report bbox coordinates in JSON format.", "Locate every shape.", "Locate all shapes.",
    "Locate the shapes and report bbox coordinates in JSON format.", "Find all shapes and give their boxes as JSON.",
    "Detect all shapes in the {n}.", "Detect every object and report bbox coordinates in JSON format.",
    "Where are the shapes? Answer with bounding boxes in JSON.", "Give the bounding boxes of all shapes.",
    "Locate every object in the {n} and report bbox coordinates in JSON format.", "Draw a box around every shape.",
    "Detect all objects.", "Output the bounding boxes of the shapes in JSON format.", "Find every shape.",
    "Locate all objects in this {n}, report bbox coordinates in JSON format.", "Locate everything.",
    'Locate every instance that belongs to the following categories: "circle, square, triangle, star". Report bbox coordinates in JSON format.', "Return the boxes of all shapes as JSON.",
    "[Locate|Find|Detect|Mark|Box|Point out|Ground] [every|each] [shape|object|thing|figure|item][| in the {n}| in this {n}][| and report bbox coordinates in JSON format| and report its bbox coordinates| as JSON| with its box].",
    "[Locate|Find|Detect|Mark|Box|Ground] [all|all the|the] [shapes|objects|things|figures|items][| in the {n}| in this {n}][| and report bbox coordinates in JSON format|, report bbox coordinates| as JSON| with boxes| and give bounding boxes].",
    "[Give|List|Report|Output|Return] [the|all] [bounding boxes|boxes|bbox coordinates|bboxes|coordinates] of [all shapes|every shape|the shapes|all objects|every object|the objects][| in JSON format| as JSON| in the {n}].",
    "[Where are|Show me where] [the shapes|all shapes|the objects|all objects][|, as JSON boxes| in the {n}]?",
)  # fmt: skip
LOCATE_HELD_OUT = (
    "Please locate each shape, with bbox coordinates in JSON format.",
    "Show me the bounding box of every shape.",
)

LOCATE_ONE = (
    "Locate the {t}.", "Locate the {t} and report bbox coordinates in JSON format.", "Where is the {t}? Give the box.",
    "Find the {t}.", "Detect the {t}.", "Give the bounding box of the {t}.", "Output the bbox of the {t} in JSON format.",
    "Locate the {t} in this {n}, report its bbox coordinates in JSON format.",
)  # fmt: skip

SPOT_TEXT = (
    "Spotting all the text in the {n} with line-level, and output in JSON format.",
    "Spot all text, line by line, as JSON with bbox_2d and text_content.", "Locate all text in the {n}.",
    "Find all text and give bbox_2d and text_content as JSON.", "Locate the text and report bbox coordinates in JSON format.",
)  # fmt: skip

COLOUR_OF = (
    "What color is the {s}?", "What colour is the {s}?", "Which color is the {s}?", "Which colour does the {s} have?",
    "What is the color of the {s}?", "Tell me the color of the {s}.",
)  # fmt: skip
COLOUR_OF_IT = (
    "What color is it?",
    "What colour is it?",
    "What color?",
    "Which colour is it?",
    "What color is the shape?",
)
SHAPE_OF_IT = (
    "What shape is it?",
    "Which shape is it?",
    "Which shape?",
    "What shape is this?",
    "What kind of shape is it?",
)
SHAPE_OF_COLOUR = (
    "What shape is {c}?", "Which shape is {c}?", "What is the {c} shape?", "What is {c}?", "Which thing is {c}?",
)  # fmt: skip
WHERE_IS = (
    "Where is the {t}?",
    "Where in the {n} is the {t}?",
    "In which place is the {t}?",
    "What is the position of the {t}?",
)
WHAT_IS_AT = ("What is {p}?", "What do you see {p}?", "What shape is {p}?", "Which thing is {p}?", "What's {p}?")
IS_THERE = (
    "Is there a {t}?", "Is there a {t} in this {n}?", "Do you see a {t}?", "Can you see a {t}?", "Does the {n} show a {t}?",
)  # fmt: skip

COMPARE = (
    "What is different between the two pictures?", "Compare the two images.", "Compare the two pictures.",
    "Compare these images.", "What is the difference between the images?", "What are the differences?",
    "Compare image 1 and image 2.", "How do the two pictures differ?", "What changed between the two images?",
    "What is different?", "Describe both images.", "Describe the two pictures.", "Describe these images.", "Compare them.",
    "What do the two images show?", "What do you see in these images?", "Tell me the difference between the two photos.",
    "Describe the differences between these pictures.", "Compare both images.", "What is in these images?",
    "[Compare|Contrast|Describe|Explain] [the|both|the two] [images|pictures|photos|drawings][| briefly| in one sentence| for me].",
    "[What is|What are|Tell me|Describe|Find|List|Explain] the [difference|differences] [between|of] the [two pictures|two images|pictures|images|photos|two].",
    "What [changed|differs|is different|is not the same|has changed] [between the two|in the second one|from one to the other|between the images|here]?",
    "What [is in|do you see in|is shown in] the two [images|pictures|photos]?",
    "[How do|In what way do|How much do] the [images|pictures|two images|photos] differ?",
)  # fmt: skip
COMPARE_HELD_OUT = ("How is the second picture different from the first?", "Please compare these two pictures.")

FIRST_IMAGE = (
    "Describe the first image.", "What is in the first picture?", "Describe image 1.", "What does image 1 show?",
    "What is in Image 1?", "And the first image?", "What was in the first picture?", "Describe Image 1.",
    "[Describe|What is in|What do you see in|Caption|Summarize|What about] [the first|the earlier|the former] [image|picture|photo|one].",
)  # fmt: skip
SECOND_IMAGE = (
    "Describe the second image.", "What is in the second picture?", "Describe image 2.", "What does image 2 show?",
    "What is in Image 2?", "And the second image?", "Describe Image 2.", "What do you see in the second picture?",
    "[Describe|What is in|What do you see in|Caption|Summarize|What about] [the second|the last|the latter|the other] [image|picture|photo].",
)  # fmt: skip
NEW_IMAGE = (
    "And this one?", "What about this {n}?", "And this {n}?", "Describe this new {n}.", "What is in the new {n}?",
    "[And|Now|What about|Describe|What is in] [this one|this {n}|the new {n}|this new one|this second {n}]?",
)  # fmt: skip

VIDEO = (
    "What happens in this video?", "What happens in the video?", "Describe this video.", "Describe the video.",
    "What is happening?", "What happens?", "What do you see?", "What is in this video?", "Describe this clip.",
    "What moves?", "What is moving and where to?", "Which way does it move?", "Which way does the shape move?",
    "In which direction does it move?", "Where does it go?", "How does the shape move?", "Summarize this video.",
    "Describe what happens in this video.", "Tell me what happens.", "What does the video show?", "Describe the motion.",
    "In which direction does the object move?", "Describe this video in detail.", "What happens in this clip?",
    "[Describe|Explain|Summarize|Caption|Sum up|Narrate] [this|the|my] [video|clip|film|recording|footage|animation][| in detail| briefly| in one sentence].",
    "What [happens|is happening|goes on|is going on|do you see|is shown|moves|is moving|occurs] [in|on] [this|the] [video|clip|film|recording|footage|animation]?",
    "[Which way|In which direction|Where|Where to] does [it|the shape|the object|the thing] [move|go|travel|head]?",
    "[Tell me|Report|State|Write down] what [happens|moves|you see] in [this|the] [video|clip|film|recording].",
    "What does [this|the] [video|clip|film|recording] [show|depict|contain]?",
    "What is the [direction|direction of motion|movement|motion]?",
    "What [can be seen|is to be seen|can you see|do we see] [in|on] [this|the] [video|clip|film|recording]?",
    "[Can|Could|Would] you [please |][describe|explain|tell me about|summarize] [this|the] [video|clip|film]?",
)  # fmt: skip
VIDEO_HELD_OUT = ("Can you tell me what happens in this video?", "What would you say happens in the clip?")

SYSTEM = (
    "You are a helpful assistant.", "Answer briefly.", "You are a helpful assistant that looks at pictures.",
    "Be concise.", "You describe images.", "Answer in English.", "You are an assistant for images and videos.",
    "Look carefully at the picture before you answer.", "Keep your answers short and exact.", "Answer in one sentence.",
)  # fmt: skip


CHOICE = re.compile(r"\[([^\]]*)\]")
"""Alternatives inside a wording, such as "[this|the]"."""


OPENINGS = (
    "I am curious. ",
    "Look at it. ",
    "A question: ",
    "Hello. ",
    "First, ",
    "Now tell me: ",
    "Next question. ",
    "So, ",
    "Hey, ",
)
ENDINGS = (
    " Thanks.",
    " Be brief.",
    " Use simple words.",
    " Answer in one line.",
    " Thank you!",
    " Be exact.",
    " Please.",
)


FILLERS = (
    "would", "you", "say", "think", "exactly", "really", "just", "kindly", "actually", "then", "maybe", "perhaps", "do",
    "believe", "guess", "quickly", "simply", "carefully", "honestly", "overall", "basically", "currently", "also", "again",
    "still", "here", "indeed", "clearly", "in your opinion", "as far as you can tell", "at first glance", "if possible",
    "right now", "for me", "to me", "roughly", "that", "there", "could", "should", "might", "in short", "my friend",
)  # fmt: skip


def _filled(text: str, rng: random.Random) -> str:
    """The question with a filler or two between its words, so that the words that matter are found among others."""
    words = text.split(" ")
    for _ in range(rng.choice((1, 1, 2))):
        words.insert(rng.randint(min(1, len(words)), len(words) - 1) if len(words) > 1 else 0, rng.choice(FILLERS))
    return " ".join(words)


def vary(text: str, rng: random.Random) -> str:
    """The question with a noun filled in, sometimes in other case or without its final mark."""
    text = CHOICE.sub(lambda found: rng.choice(found.group(1).split("|")), text)
    text = text.replace("{n}", rng.choice(IMAGE_NOUNS))
    if rng.random() < 0.12:
        text = _filled(text, rng)
    if rng.random() < 0.3 and text[-1] in ".?":
        text = text[:-1]
    elif rng.random() < 0.03:
        text += rng.choice(("!", " ", "..", "\n"))
    if rng.random() < 0.08 and text[0].isupper():
        text = rng.choice(("Please ", "please ", "Hi! ", "Now ", "OK. ", "Can you help? ")) + text[0].lower() + text[1:]
    if rng.random() < 0.07:
        text = rng.choice(OPENINGS) + text if rng.random() < 0.5 else text + rng.choice(ENDINGS)
    kind = rng.random()
    if kind < 0.15:
        return text[0].lower() + text[1:]
    if kind < 0.25:
        return text.lower()
    if kind < 0.27:
        return text.upper()
    return text
