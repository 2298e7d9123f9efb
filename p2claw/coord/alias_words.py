"""The words of aliases: friendly, short, hard to mistake, and decent in every combination.

Words may be added; taking one away harms nobody, since aliases are kept whole.
"""

from __future__ import annotations

_ADJECTIVES = """
agile airy alert alpine amber ample apt aqua arctic ashen autumn azure balmy bashful beaming
bold bonny bouncy brave breezy bright brisk bronze bubbly calm candid careful charming cheery
chilly citrus civil clean clever cloudy coastal cobalt copper coral cosmic crimson crisp cuddly
curious curly daily dainty daring dazzling deft dewy distant dotted downy dreamy eager early
earnest eastern easy electric elegant emerald epic even evening famous fancy fearless fern
festive fine fleet floral fluffy flying fond forest free fresh friendly frosty funny fuzzy
gallant gentle gifted gilded glad gleaming glossy golden good graceful grand granite grateful
green handy happy hardy hazel hearty helpful hidden hilly honest humble icy indigo inland ivory
jade jaunty jazzy jolly jovial joyful jumbo keen kind large lasting lavender leafy lemon light
lilac lively long loud loyal lucid lucky magic major maple marble marine mellow merry mighty
mild minty misty modern modest mossy musical neat nimble noble northern novel oaken ocean olive
orange orchid patient peach pearly peppy placid plucky plum polite prime proud pure purple quick
quiet radiant rainy rapid rare ready regal rich rising robust rosy royal ruby rugged rustic
saffron sage salty sandy sapphire scarlet scenic serene sharp shiny shy silent silky silver
simple sleek smart smiling smooth snowy snug solid sonic southern sparkly speedy spicy spotted
spry stable starry steady sterling striped sturdy subtle sunny super sure swift teal tender
thankful tidal tidy timely tiny topaz tranquil trusty turquoise upbeat urban valiant vast velvet
verdant vibrant violet vivid warm wavy western whole wild windy winged winter wise witty woolly
young zany zesty zippy
"""

_NOUNS = """
abbey acorn anchor antelope apple apricot arrow aspen aster atlas aurora badger bagel bamboo
banjo basil bay beacon bee beetle bell birch bison bluebell boat bobcat bonfire boulder breeze
bridge brook buffalo bunting butterfly button cactus camel canary candle canoe canyon caribou
castle cello cherry chestnut chime cicada cliff cloud clover cobra comet compass condor corgi
cottage cougar coyote crab crane creek cricket crocus crow crystal cypress dahlia daisy deer
delta dolphin dove dragon drum duck dune eagle echo elephant elk elm ember emu falcon fawn
feather fennel ferret ferry fiddle fig finch fjord flame flamingo flute fossil fountain fox frog
galaxy garden gazelle gecko geyser ginger giraffe glacier goose gopher guitar gull hamlet harbor
hare harp hawk hedgehog heron hill hollow horizon hornet ibex ibis iguana iris island ivy jackal
jaguar jasmine jay jelly juniper kayak kite kiwi koala lagoon lake lantern lark laurel leaf
lemur leopard lichen lily linden lion lizard llama lobster lotus lynx macaw magnolia magpie
mango mantis maple marigold marlin marmot marsh marten meadow meteor mimosa mink minnow mirror
monsoon moon moose moth mountain mulberry narwhal nebula nectar newt nutmeg oak oasis ocelot
octopus onyx opal orca orchard oriole osprey otter owl oyster paddle palm panda panther papaya
parrot pebble pelican penguin pepper petal pheasant piano pigeon pine pinecone planet plover
pony poppy prairie puffin puma quail quartz quill rabbit rain rainbow raven reef reindeer ridge
river robin rocket rose sail salmon sandpiper saturn seahorse seal sequoia sloth snail sparrow
spruce squid squirrel star starfish stone stork stream sunrise swan tangerine teapot thistle
thunder tiger topaz tortoise toucan trail trout truffle tulip tundra turnip turtle valley violin
walnut walrus wave whale willow wolf wombat wren yak yarrow zebra zephyr
"""

ADJECTIVES = tuple(_ADJECTIVES.split())
NOUNS = tuple(_NOUNS.split())
