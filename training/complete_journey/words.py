"""The words behind ``names``: abbreviations, whole words to repair cut ones, and words that move or go."""

from collections.abc import Mapping
from typing import Final


def phrase_table(text: str) -> Mapping[str, str]:
    """Lines of ``key > phrase`` as a mapping, in order; a key given twice is an error.

    >>> phrase_table("FRZN > frozen")
    {'FRZN': 'frozen'}
    """
    rows = [line.split(" > ", 1) for line in text.strip().splitlines()]
    table = {key.strip(): phrase.strip() for key, phrase in rows}
    if len(table) < len(rows):
        raise ValueError(f"a key is given twice among {list(table)[:3]} and the {len(rows)} rows after it")
    return table


def word_table(text: str) -> Mapping[str, str]:
    """``'frzn=frozen, pkg=packaged'`` over any number of lines, as a mapping."""
    pairs = (entry.split("=", 1) for entry in text.replace("\n", ",").split(",") if entry.strip())
    return {word.strip(): spelled.strip() for word, spelled in pairs}


def word_set(text: str) -> frozenset[str]:
    """The words of a text, spaces and line ends apart."""
    return frozenset(text.split())


ABBREVIATIONS: Final = word_table("""
acc=accessories, access=accessories, access.=accessories, accs=accessories, accss=accessories, appl=appliance
bbq=barbecue, bev=beverage, bg=bags, bkd=baked, bn=beans, bndges=bandages, boys=boys', brd=breaded, brkfst=breakfast
btl=bottle, btls=bottles, btr=butter, carb=carbonated, catfd=cat food, catsup=ketchup, childrens=children's
chs=cheese, cig=cigarette, cilanto=cilantro, ckys=cookies, cleang=cleaning, cnd=canned, cndles=candles, cndy=candy
cntrl=control, coco=cocoa, conc=concentrate, crkr=crackers, crmd=crushed, crystl=crystal, dan=Danish, decaf=decaf
decaffinated=decaf, deod=deodorant, dept=department, dipilatories=depilatories, dishwash=dishwashing
disposible=disposable, dnr=dinner, dnrs=dinners, dogfd=dog food, drnk=drink, drnks=drinks, drsng=dressing
drums=drumsticks, dsh=dish, economy=value, exch=exchange, fash=fashion, fd=food, fds=foods, fem=feminine
fem.=feminine, flav=flavored, flv=flavored, flvr=flavored, flvrd=flavored, frd=fried, frz=frozen, frzn=frozen
girls=girls', grnd=ground, hallowen=Halloween, hbc=health and beauty, holdiay=holiday, hygn=hygiene, hygn.=hygiene
infants=infants', ingred=ingredients, inshell=in-shell, instore=in-store, jce=juice, jui=juice, juic=juice
kids=kids', ladies=women's, lipcare=lip care, liq=liquid, liqs=liquids, lnchmt=lunchmeat, lrg=large, ltr=lighter
mainstream=classic, mens=men's, mfg=manufacturer, mixs=mixes, mlk=milk, mlt-pk=multipack, mnrl=mineral, mt=meat
mtl=metal, mult=multi, multi-pack=multipack, multi-packs=multipack, mx=mix, mxs=mixes, n=and, nailcare=nail care
ndairy=nondairy, oriental=Asian, pac=pack, pckgd=packaged, perrenials=perennials, persnl=personal
physicans=Physicians, pickld=pickled, pk=pack, pkg=packaged, pkgd=packaged, pkld=pickled, plstc=plastic, pnch=punch
pnt=peanut, pnut=peanut, poinsetta=poinsettia, portabella=portobello, prem=premium, prep=prepared, prepack=packaged
prepackaged=packaged, preportnd=pre-portioned, preshcool=preschool, promo=promotional, protien=protein, ptty=patties
pwdr=powder, pwdrs=powders, ranier=Rainier, recharable=rechargeable, refigerated=refrigerated, refrgratd=refrigerated
refrig=refrigerated, reg=regular, repellants=repellents, retl=retail, sald=salad, saus=sausage, sce=sauce
seafd=seafood, sft=soft, sgl=single, sherbts=sherbets, shlfsh=shellfish, sld=salad, sndwch=sandwich, sngl=single
snks=snacks, sod=sodas, soulable=soluble, spec=specialty, specilaty=specialty, sply=supplies, sprd=spreads, spt=sport
srv=serve, suade=suede, sup=super, suppplies=supplies, sw=sweet, sweetners=sweeteners, swin=swim, swt=sweet
syrp=syrup, tiss=tissue, tort=tortilla, trad=traditional, trsh=trash, veg=vegetable, veg.=vegetable, w=with
whl=whole, whlsm=wholesome, womens=women's, wt=weight, wtr=water, x-large=extra large, xmas=Christmas
xpctrnt=expectorant, yng=young
""")

FULL_WORDS: Final = word_set("""
accessories activation bags beverages bottles bread breast broccoli bulbs cakes capsules carbonated carrots cauliflower
chocolate cleaners combinations containers cookies crackers delicious dressing dressings frozen giftware holiday
horseradish juice marinade medicated mustard pickles plates products sandwich sandwiches seasonal seasonings shampoo
specialty sprays substitute supplement sweetened sweetener undergarments unsweetened vegetables
""")
"""What a key's last word is taken for when it was cut at the 30th character."""

NOISE: Final = word_set("""
all brands ex ex: excp exc except incl including included includi misc misc. miscellaneous only other others otyher
etc types rw n/a
""")
"""Words that tell the store's staff something, and a shopper nothing."""

TRAILING_SCRAPS: Final = word_set("and or with the to w & - bulk")
"""Words that say nothing at the end of a key, most of them because the next word was cut off."""

CASED_WORDS: Final = word_table("""
adidas=Adidas, almay=Almay, american=American, angus=Angus, anjou=Anjou, asian=Asian, australian=Australian
barbie=Barbie, bartlett=Bartlett, bosc=Bosc, braeburn=Braeburn, british=British, calgon=Calgon, canadian=Canadian
caribbean=Caribbean, cd=CD, christmas=Christmas, cornish=Cornish, covergirl=CoverGirl, danish=Danish
delicious=Delicious, dvd=DVD, dvds=DVDs, easter=Easter, english=English, french=French, fuji=Fuji, gala=Gala
german=German, granny=Granny, greek=Greek, halloween=Halloween, hanes=Hanes, hasbro=Hasbro, hispanic=Hispanic
indian=Indian, italian=Italian, japanese=Japanese, kodak=Kodak, loreal=L'Oréal, mastercard=Mastercard
maybelline=Maybelline, mediterranean=Mediterranean, mexican=Mexican, nerf=Nerf, physicians=Physicians
rainier=Rainier, revlon=Revlon, roma=Roma, smith=Smith, spanish=Spanish, spf=SPF, thai=Thai, tv=TV
valentine=Valentine's Day, vhs=VHS, vienna=Vienna, yardley=Yardley
""")

FRONT_WORDS: Final = word_set("hot cold outdoor")
"""Words in parentheses that belong in front of the phrase; the others go."""

LEADING_NOUNS: Final = word_set("""
almonds apples balloons beans cantaloupe cards carrots cauliflower celery cherries grapes herbs honeydew kabobs lettuce
macaroni melons mushrooms nectarines noodles nuts onions oranges peaches pears peas pecans peppers plums potatoes
puddings pumpkins roses spaghetti squash sunglasses tomatoes walnuts watermelon
""")
"""Nouns a key may begin with although its adjectives follow: ``PEPPERS GREEN BELL``."""

MASS_PLURALS: Final = word_table("""
mixes=mix, wines=wine, breads=bread, detergents=detergent, oils=oil, creams=cream, sauces=sauce, juices=juice
extracts=extract, soups=soup, creamers=creamer, lotions=lotion, cleaners=cleaner, deodorants=deodorant, sprays=spray
powders=powder, entrees=entree, syrups=syrup, dressings=dressing, puddings=pudding, broths=broth, cereals=cereal
soils=soil, repellents=repellent, antiperspirants=antiperspirant, soaps=soap, glazes=glaze
""")
"""Plurals of kinds, at the end of a key, that one product of the kind does not need."""

HEAD_TEMPLATES: Final = phrase_table("""
meat > deli {}
chix > {} chicken
""")
"""What a head before ``:`` or `` - `` does with the detail after it; any other head follows its detail."""

QUALIFIERS: Final = word_set("""
premium super ultra value lean enhanced classic traditional lighter flavored red dry cured seasonal natural blended
specialty fresh smoked or cooked and kosher poultry meat beef raw marinated seasoned organic boxed packaged promotional
pre angus
""")
"""Words that only describe: a key of nothing else is completed with its category's noun."""

SELF_EVIDENT: Final = word_set("""
beef pork lamb veal turkey chicken poultry hen hens ham hams canned jarred dried fresh cups bowls applesauce
sale christmas easter halloween valentine's
""")
"""Words that already say which meat, or which packing, so that the category's word is not put in front."""

REWRITES: Final = (
    (r"^seafood-fre-", "fresh "),
    (r"^seafood-frz-", "frozen "),
    (r"^nut supp-(.*)", r"\1 supplement"),
    (r"^(sw gds|sweet goods):", ""),
    (r"^prep (fd|foods):", "prepared "),
    (r"^(organics|natural foods)\b", "organic"),
    (r"^meat: ?(.*) ppk/pr[a-z]+$", r"presliced deli \1"),
    (r"-other$", ""),
    (r"-fully cooked$", " - fully cooked"),
    (r"-magazine$", " magazine"),
    (r"^women s\b", "women's"),
    (r"^children s\b", "children's"),
    (r"\bw/o\b", "without"),
    (r"\bw/ ?", "with "),
    (r"&", " and "),
)
"""Patterns of a whole key in lower case, applied in order before it is read word by word."""
