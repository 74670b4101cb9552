"""Types of drinks, dairy, candy and ice cream that no rule reads well: key, `` > ``, phrase."""

from typing import Final

from training.complete_journey.words import phrase_table

DRINKS_PHRASES: Final = phrase_table("""
ADULT PREMIUM > premium ice cream bars
AEROSOL TOPPINGS > aerosol whipped topping
ALL OTHER MISC WINES > specialty wine
APPLE JUICE & CIDER (50% AND U > apple juice drink
APPLE JUICE & CIDER (OVER 50% > apple juice or cider
ASEPTIC MILK & MILK DRINKS > shelf-stable milk drinks
ASEPTIC PACK JUICE AND DRINKS > juice boxes
AUSTRALIAN/NZ WINES > Australian or New Zealand wine
AUTHENTIC DRY BEVERAGES W/O SW > authentic unsweetened drink mix
BEERALE -NON ALCOHOLIC > nonalcoholic beer
BEERALEMALT LIQUORS > beer, ale or malt liquor
BEVERAGE > natural drink
BEVERAGE WINES > flavored wine drink
BLENDED JUICE&COMBINATIONS (50 > blended fruit juice drink
BLENDED JUICE&COMBINATIONS (OV > blended fruit juice
BLENDED JUICE&COMBINATIONS (UN > blended fruit drink
BLENDED SCOTCH > blended Scotch
BOURBON/TN WHISKEY > bourbon or Tennessee whiskey
BOURBON/TN WHISKEY (42 UNDER P > bourbon or Tennessee whiskey
BOURBONWHISKEYSOUR MASHES(OV > bourbon or sour mash whiskey
BREAKFAST CRYSTALS > breakfast drink crystals
BULK CANDY W/FLOUR > bulk wafer candy
CAN/BTL BEVERAGE > canned or bottled drink
CANDY & BREATH MINTS (PKGD) (N > packaged mints
CANDY BAGS-CHOCOCLATE > bagged chocolate candy
CANDY BAGS-CHOCOCLATE W/FLOUR > bagged chocolate wafer candy
CANDY BAGS-NON CHOCOLATE > bagged candy
CANDY BAGS-NON CHOCOLATE W/FLO > bagged licorice and wafer candy
CANDY BARS (MULTI PACK) > multipack candy bars
CANDY BARS (SINGLES)(INCLUDING > candy bar
CANDY BARS MULTI PACK W/FLOUR > multipack wafer candy bars
CANDY BOX NON-CHOCOLATE > boxed candy
CANDY BOXED CHOCOLATES > boxed chocolates
CANDY BOXED CHOCOLATES W/FLOUR > boxed wafer chocolates
CANDY REFRIGERATED > refrigerated candy
CARBONATED WATER - FLVRD SWEET > sweetened flavored sparkling water
CARBONATED WATER - FLVRD UNSWE > unsweetened flavored sparkling water
CARBONATED WATER - UNFLAVORED > plain sparkling water
COCKTAIL MIXES-DRY > dry cocktail mix
COCKTAIL MIXES-FLUID:ADD LIQ > liquid cocktail mix
COCKTAIL MIXES-FRZ > frozen cocktail mix
COCKTAILS READY-TO-DRINK > ready-to-drink cocktail
COFFEE GROUND > ground coffee
COFFEE WHOLE BEAN > whole bean coffee
CONES > ice cream cones
CRANAPPLE CRAN GRAPE JUICE (5 > cranberry apple or grape juice drink
CRANAPPLE CRAN GRAPE JUICE (O > cranberry apple or grape juice
CRANBERRY JUICE (50% AND UNDER > cranberry juice drink
CUPS/PUSH UPS/OTHER > frozen dessert cups and push-ups
DAIRY CASE 100% PURE JUICE - O > chilled pure orange juice
DAIRY CASE 100% PURE JUICE OTH > chilled pure fruit juice
DAIRY CASE CITRUS PNCH/OJ SUBS > chilled citrus punch
DAIRY CASE FRUIT DRINKS (NO JU > chilled fruit drink
DAIRY CASE JUICE DRNK UNDER 10 > chilled juice drink
DAIRY CASE TEA NO SUGAR OR SWE > chilled unsweetened tea
DAIRY CASE TEA WITH SUGAR OR S > chilled sweetened tea
DECAF BEAN: FLAVORED > flavored decaf whole bean coffee
DECAF BEAN: REGULAR > decaf whole bean coffee
DESSERTS & VERMOUTH > dessert wine or vermouth
DRINKS - CARB JUICE (OVER 50% > sparkling juice
EGG NOG/BOILED CUSTARD > eggnog or boiled custard
EGGS SUBSTITUTE > egg substitute
FIGHTING VARIETAL WINES > value varietal wine
FLAVORED BEAN COFFEE > flavored whole bean coffee
FLAVORED BRANDYH (42 UNDER PRO > flavored brandy
FLUID MILK WHITE ONLY > white milk
FORTIFIED/ENERGY WATER > vitamin or energy water
FRUIT DRINKS: CANNED & GLASS ( > fruit drink
FRUIT VARIETAL WINES > fruit wine
FRZN CONC ALLIEDS OVER 50% JUI > frozen juice concentrate
FRZN CONC UNDER 50% JUICE > frozen juice drink concentrate
FRZN OJ&OJ SUBSTITUTES (OVER 5 > frozen orange juice concentrate
GIFT BASKETS BEER > beer gift basket
GRAPE JUICE (50% AND UNDER JCE > grape juice drink
GRAPEFRUIT JUICE (50% AND UNDE > grapefruit juice drink
GROUND DECAFFINATED > decaf ground coffee
GROUND FLVR DECAF COFFEE > flavored decaf ground coffee
GROUND FLVR REG COFFEE > flavored ground coffee
GUM (PACKAGED) > packaged gum
HOT CHOCOLATE COCOA MIX > hot chocolate mix
INSTANT COFFEE FLAVORED NO SWE > unsweetened flavored instant coffee
INSTANT COFFEE FLAVORED W/SWEE > sweetened flavored instant coffee
INSTANT COFFEE REGULAR > instant coffee
INSTANT DECAF FLVR COFFEE W/ S > sweetened flavored decaf instant coffee
INSTANT DECAFFINATED > decaf instant coffee
INSTANT TEA & TEA MIX (W/SUGAR > sweetened instant tea mix
ISOTONIC DRINKS MULTI-SERVE > family-size sports drink
ISOTONIC DRINKS POWDERED > sports drink powder
ISOTONIC DRINKS SINGLE SERVE > single-serve sports drink
IWS SINGLE CHEESE > individually wrapped cheese slices
JUICE (100% JUICE) > pure fruit juice
JUICE (UNDER 10% JUICE) > juice drink
KIDS MILK DRINKS-ASEPTIC > kids' milk drink boxes
LIQUEURS/SPECIALTIES > liqueur
LIQUEURS/SPECIALTIES (42 UNDER > liqueur
LOAF CHEESE > cheese loaf
MALTED MLK/SYRUP/PWDRS (EGGNOG > malted milk, syrup or drink powder
MARGARINE STICK > stick margarine
MARGARINE: TUBS AND BOWLS > tub margarine
MINTS CANDY & BREATH (NOT LIF > mints
MISC CHECKLANE CANDY > checkout candy
MISC DAIRY REFIGERATED > refrigerated dairy foods
MISC: HERRING PICKLES HORSER > refrigerated herring, pickles or horseradish
MISCELLANEOUS CANDY (INCLUDING > assorted candy
MISCELLANEOUS CHEESE > specialty cheese
MISCELLANEOUS MILK > specialty milk
MIXERS(CLUB SODA/SELTZERS)FLAV > flavored club soda or seltzer
MIXERS(TONIC WTR/CLUB SODA/GNG > tonic water, club soda or ginger ale
MIXERS(TONIC WTR/GNGR ALE)FLAV > flavored tonic water or ginger ale
NATURAL CHEESE EXACT WT CHUNKS > natural cheese chunk
NATURAL CHEESE EXACT WT SLICES > natural cheese slices
NATURAL CHEESE RANDOM WT > random-weight natural cheese
NON DAIRY CREAMER: DRY > powdered nondairy creamer
NON FAT DRY MILK > nonfat dry milk
NON-ALCOHLIC WINES > nonalcoholic wine
NON-CARB FLVRD DRNKNG/MNRL WAT > still flavored water
NON-CARB FLVRD UNSWEETENED WAT > still unsweetened flavored water
NON-CARB JCE (UNDER 50%JCE) > still juice drink
NON-CARB JCE(OVER 50% JCE) > still juice
NON-CARB WATER FLVR - DRNK/MNR > still flavored mineral water
NON-CRBNTD DRNKING/MNERAL WATE > still drinking or mineral water
NON-IWS SINGLE CHEESE > cheese slices
NOVELTY CANDY W/FLOUR > novelty wafer candy
NOVELTY CANDY-TAXABLE > novelty candy
OTHER CITRUS JUICES (50% AND U > citrus juice drink
PAILS > ice cream pail
POPULAR 1.5LT WINES > everyday wine magnum
POPULAR 750ML WINES > everyday wine
PREMIUM 1.5LT WINES > premium wine magnum
PREMIUM 750ML WINES > premium wine
PREMIUM PINTS > premium ice cream pint
QUARTS > ice cream quart
REFRIG PIZZA&INGRED N/MEAT DE > refrigerated pizza and ingredients
REFRIGERATED BISCUITS REGULAR > refrigerated biscuit dough
REFRIGERATED COOKIES-BREAK N B > refrigerated break-and-bake cookie dough
REFRIGERATED COOKIES-CHUB > refrigerated cookie dough roll
REFRIGERATED COOKIES-SEASONAL > seasonal refrigerated cookie dough
REGULAR BEAN > whole bean coffee
RTD COCKTAILS 750ML PLUS > ready-to-drink cocktail
RTD COCKTAILS 750ML PLUS <=42P > light ready-to-drink cocktail
RUMS (42 UNDER PROOF) > rum
SEASONAL CANDY BAGS NON-CHOCOL > seasonal bagged candy
SEASONAL CANDY BAGS-CHOCOLATE > seasonal bagged chocolate candy
SEASONAL CANDY BOX NON-CHOCOLA > seasonal boxed candy
SEASONAL CANDY BOX-CHOCOLATE > seasonal boxed chocolates
SEASONAL CANDY BOX-CHOCOLATE W > seasonal boxed wafer chocolates
SEASONAL MISCELLANEOUS > assorted seasonal candy
SEASONAL MISCELLANEOUS W/FLOUR > assorted seasonal wafer candy
SFT DRNK 1 LITER BTL CARB (EXC > medium bottled soda
SFT DRNK 2 LITER BTL CARB INCL > large bottled soda
SFT DRNK 3 LITER BTL CARB (EXC > extra large bottled soda
SFT DRNK MISC BTL (ANY BTL NOT > assorted bottled soda
SFT DRNK MISC CAN (EX:4PK18PK > assorted soda cans
SFT DRNK MLT-PK BTL CARB (EXCP > multipack bottled soda
SFT DRNK SNGL SRV BTL CARB (EX > single-serve bottled soda
SINGLE SERVE/MULTI-PK CKTLS > single-serve cocktail
SINGLE SERVE/MULTI-PK CKTLS <= > light single-serve cocktail
SOFT DRINK BOTTLE NON-CARB (EX > still soft drink bottles
SOFT DRINK CANISTERS > drink mix canister
SOFT DRINK POWDER POUCHES > drink mix pouches
SOFT DRINKS 12/18&15PK CAN CAR > multipack soda cans
SOFT DRINKS 20PK&24PK CAN CARB > family pack soda cans
SOFT DRINKS 6PK/4PK CAN CARB ( > small pack soda cans
SOFT DRINKS BOTTLE RETURNABLE > returnable bottled soda
SOFT DRINKS CAN NON-CARB (EXCE > still soft drink cans
SOFT DRINKS SINGLE CANS CARB ( > single soda can
SOUTH AMERICAN WINES > South American wine
STICKS/ENROBED > ice cream bars
SUPER PREMIUM PINTS > super premium ice cream pint
SV BEV: BEV/JUICE 50-100% JUIC > fresh-served juice
TEA (CANNED/BOTTLED) W/SWEETEN > sweetened canned or bottled tea
TEA BAGS & BULK TEA > tea bags and loose tea
TEA BAGS & BULK TEA (SUPPLEMEN > wellness tea bags and loose tea
TEA BAGS (SUPPLEMENT) > wellness tea bags
TEA BAGS HERBAL & FLAVORED > herbal or flavored tea bags
TEA BOTTLES WITH SWEETENER/SUG > sweetened bottled tea
TEA CAN WITH SWEETENER/SUGAR > sweetened canned tea
TEA DRY > dry tea
TEA SWEETENED > sweetened tea
TEA UNSWEETENED > unsweetened tea
TEA UNSWEETENED (CAN/BOTTLE) > unsweetened canned or bottled tea
TOMATO JUICE (50% AND UNDER) > tomato juice drink
TRADITIONA GIN (42 UNDER PROOF > traditional gin
ULTRA/SUPER GIN > ultra premium gin
ULTRA/SUPER TEQUILA > ultra premium tequila
ULTRA/SUPER VODKA > ultra premium vodka
UNIQUE SODAS > specialty soda
VALUE GLASS WINE > value bottled wine
VEG JUICE (EXCEPT TOMATO) (50% > vegetable juice drink
WATER ICE > ice pops and water ice
YOGURT MULTI-PACKS > multipack yogurt
YOGURT NOT MULTI-PACKS > yogurt
""")
