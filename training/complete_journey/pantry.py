"""Types of frozen and pantry foods that no rule reads well: key, `` > ``, phrase."""

from typing import Final

from training.complete_journey.words import phrase_table

PANTRY_PHRASES: Final = phrase_table("""
APPLE SAUCE > applesauce
APPLE SAUCE/PUDDING > applesauce or pudding
ASCEPTIC > boxed soup
ASEPTIC MILK > shelf-stable milk
AUTHENTIC DRY BEVERAGES W/SWEE > authentic sweetened drink mix
AUTHENTIC PASTA RICE BEANS > authentic pasta, rice or beans
AUTHENTIC SAUCES SALSA PICAN > authentic salsa or picante sauce
AUTHENTIC SOUPS BOUILLONS > authentic soup or bouillon
BABY FOOD CEREALS > baby cereal
BABY FOOD JUNIOR ALL BRANDS > junior baby food
BABY ISOTONIC DRINKS > baby electrolyte drink
BAKING > baking mix
BEANS GREEN: FS/WHL/CUT > canned green beans
BEANS WAX SHELLIES > canned wax or shelly beans
BEEF STEW > canned beef stew
BEEF/PORK - DRIED SLICED W/GRA > dried sliced beef or pork
BERRIES CND (BLUBLKRASP) > canned berries
BISCUIT FLOUR & MIXES > biscuit mix
BITS & MORSELS > baking chips and morsels
BOXED PREPARED/ENTREE/DRY PREP > boxed prepared dinner
BREADINGS COATINGS CRUMBS > breading, coating mix or crumbs
BURRITOS > frozen burritos
BUTTER SPRAY CRACKER (RITZ/CLU > butter crackers
CAKE DECORS & ICING > cake decorations and icing
CAKE DECORS - BIRTHDAY CANDLES > birthday candles
CANDY W/O FLOUR > candy
CANNING SPICESSALSAPICKLING > canning spices, salsa or pickling mix
CANS SOUP/CHILI > canned soup or chili
CENTRAL AMERICAN FOODS > Central American foods
CHILI SAUCE COCKTAIL SAUCE > chili or cocktail sauce
CHUNK MEATS - ALL > canned chunk meat
COOKING BAGS WITH SPICES/SEASO > seasoned cooking bags
COOKING OIL: PEANUT SAFFLOWER > peanut or safflower cooking oil
CORN BEEF > canned corned beef
CROUTONS SALAD TOPPERS BREAD > croutons, salad toppers or bread crumbs
CUPS > soup cups
DIPS (NON-REFRIGERATED) > shelf-stable dip
DRY BEANS/PEAS/BARLEY: BAG & B > dry beans, peas or barley
DRY ROAST NUTS > dry roasted nuts
ENGLISH MUFFINS/WAFFLES > English muffins
FITNESS&DIET ISOTONIC DRINKS > diet sports drink
FLOUR: MISC SPECIALTY BLEND > specialty flour
FLOUR: WHITE & SELF RISING > white or self-rising flour
FLUID MILK > milk
FREEZE MIXES PWDRS/LIQUIDS > freezer treat mix
FROZEN BREAKFAST > frozen breakfast foods
FROZEN CAKES/ALL TYPES INCLUDI > frozen cake
FROZEN CONVENIENCE/POCKETS > frozen pocket sandwiches
FROZEN DESSERT (ICE CREAM CAKE > frozen ice cream cake
FROZEN ICE CREAM > ice cream
FROZEN MEAL COMBO/DINNERS > frozen meals and dinners
FROZEN MEAT (VEGETARIAN) > frozen vegetarian meat
FROZEN MISC > frozen foods
FROZEN SIDE DISH (MAC&CHS) > frozen macaroni and cheese
FRUIT BOWL AND CUPS > fruit bowls and cups
FRUIT COCKTAIL FRUIT SALAD > canned fruit cocktail
FRZN BAGGED VEGETABLES - PLAIN > bagged frozen vegetables
FRZN BAGGED VEGETABLES- VALUE > prepared bagged frozen vegetables
FRZN BAKED/STUFFED/MASHED&SPEC > frozen baked, stuffed or mashed potatoes
FRZN BOXED VEGETABLES - PLAIN > boxed frozen vegetables
FRZN BOXED VEGETABLES- VALUE A > prepared boxed frozen vegetables
FRZN BRD OTHER > frozen breaded seafood
FRZN BRD STICK/PORTON > frozen breaded fish sticks or portions
FRZN BRD WHOLE FILLETS > frozen breaded fish fillets
FRZN BREAKFAST ENTREES/SANDWIC > frozen breakfast sandwiches and entrees
FRZN FRENCH FRIES > frozen french fries
FRZN GARLIC BREAD/TOAST/STICKS > frozen garlic bread
FRZN GRILLED PORTIONS > frozen grilled fish portions
FRZN MULTI SERVE ENTREES ALL > family-size frozen entree
FRZN NON-DAIRY CREAMERS > frozen nondairy creamer
FRZN PIE SHELLS PASTRY SHELL > frozen pie and pastry shells
FRZN SS PREMIUM ENTREES/DNRS/N > light premium frozen dinner for one
FRZN SS PREMIUM ENTREES/DNRS/T > traditional premium frozen dinner for one
FRZN TATER TOTS/OTHER EXTRUDED > frozen tater tots
GRAVY CAN/GLASS > canned or jarred gravy
HISPANIC JUICE UNDER 50% JUICE > Hispanic juice drink
HISPANIC JUICES OVER 50% JUICE > Hispanic juice
HOT MUSTARD/SPECIALTY MUSTAR > specialty mustard
INFANT FORMULA MILK BASE > milk-based infant formula
INFANT FORMULA SOY BASE > soy-based infant formula
INFANT FORMULA SPECIALTY > specialty infant formula
INFANT FORMULA TODDLER > toddler formula
JUICE (UNDER 50% JUICE) > juice drink
KRAUT & CABBAGE > canned sauerkraut or cabbage
LUNCHEON MEAT > canned luncheon meat
MACARONI & CHEESE DNRS > macaroni and cheese dinner
MAINSTREAM WHEAT/MULTIGRAIN BR > classic wheat or multigrain bread
MANDARIN ORANGES/CITRUS SECT > canned mandarin oranges
MEAT ADDED > pasta sauce with meat
MEAT INCLUDED > dinner kit with meat
MEAT SNACKS > jerky and meat snacks
MEATLESS/VEGETARIAN > vegetarian meal
MEXICAN BEANS REFRIED > refried beans
MEXICAN PEPPERS CHILIES > Mexican peppers and chilies
MEXICAN SAUCESSALSAPICANTEE > salsa or picante sauce
MEXICAN SOFT TORTILLAS AND WRA > soft tortillas and wraps
MEXICAN TACO TOSTADO SHELLS > taco or tostada shells
MICROWAVABLE CUPS > microwavable meal cups
MICROWAVE > microwave dinner kit
MICROWAVE MIXES: ALL OTHER > microwave baking mix
MISC BAG SNACKS > bagged snacks
MISC DIET > diet foods
MISC.CND SEAFOODS (CRABETC) > canned seafood
MISC: CHEESECAKE MOUSSE MIXES > cheesecake or mousse mix
MISCELLANEOUS PACKAGE MIXES > packaged baking mix
MISCELLANEOUS VEGETABLES > canned vegetables
MIXES > baking mix
MOLASSES & SYRUPS > syrup and molasses
MULT PK BAG SNACKS > multipack bagged snacks
MUSHROOMS CND & GLASS > canned or jarred mushrooms
NON-DAIRY CHEESE > nondairy cheese
NUT REFRIG JUICE OVER 50% > chilled natural juice
NUT SUPP-PROTEIN-FOOD STAMPABL > protein supplement
ORIENTAL NOODLES RICE > Asian noodles or rice
ORIENTAL OTHER SAUCES MARINAD > Asian sauce or marinade
OTHER ITALIAN SAUCE > specialty Italian sauce
OVEN > oven dinner kit
PACKAGE DINNERS: OTHER > packaged dinner
PEAS & ONIONS PEAS & CARROT > canned peas with onions or carrots
PEAS FRESH PACK CROWDER > canned crowder peas
PEAS GREEN > canned green peas
PICKLD VEG PEPPERS ETC > pickled peppers and vegetables
PIE CRUST MIXES & SHELLS > pie crust mix or shell
PIE FILLING MINCEMEAT GLAZES > pie filling, mincemeat or glaze
PIZZA MIX DRY > dry pizza mix
PIZZA/ECONOMY > value frozen pizza
PIZZA/PREMIUM > premium frozen pizza
PIZZA/SINGLE SERVE/MICROWAVE > single-serve microwave pizza
PIZZA/TRADITIONAL > traditional frozen pizza
POLISH FOODS > Polish foods
POTATOES SWEET > canned sweet potatoes
POTATOES WHITE > canned white potatoes
POTATOES: DRY > instant potatoes
POTTED MEATS AND SPREADS > potted meat or spread
POULTRY - STEW W/DUMPLINGS/ A > poultry stew with dumplings
PREPARED BEANS - BAKED W/PORK > baked beans with pork
PREPARED/PKGD FOOD MISC > packaged prepared foods
PRESERVES JAM MARMALADE > preserves, jam or marmalade
PUDDING&GELATIN CUPS/CANS > pudding or gelatin cups
PUDDINGS DRY > dry pudding mix
RAMEN NOODLES/RAMEN CUPS > ramen noodles
RICE - DRY BAG AND BOX > dry rice
RICE SIDE DISH MIXES DRY > rice side dish mix
RTS SOUP: CHUNKY/HOMESTYLE ET > ready-to-serve chunky or homestyle soup
SALAD MUSTARD > mustard
SALADS CND (BEAN POTATO) > canned bean or potato salad
SALT/WATER CONDITIONERS > salt or water conditioner
SANDWICH SAUCE > sloppy joe sauce
SANDWICH SAUCE HORSERADISH SA > sandwich spread or horseradish sauce
SANDWICHES&HANDHELDS > frozen handheld sandwiches
SAUCE MIXES GRAVY MIXES DRY > dry sauce or gravy mix
SEMI-SOLID SALAD DRESSING MAY > mayonnaise or salad dressing
SGL SV/VEND MACH SNACKS CHIP/P > single-serve chips or pretzels
SNACK CAKE - MULTI PACK > multipack snack cakes
SNACK CAKE - SINGLE SERVE > single-serve snack cake
SNACK NUT(BAG) > bagged snack nuts
SNACKS/APPETIZERS > frozen snacks or appetizers
SOUP CRACKERS (SALTINE/OYSTER) > saltine or oyster crackers
SPANISH RICE (CANNED ONLY) > canned Spanish rice
SPECIALTY CAKE > specialty cake mix
SS ECONOMY ENTREES/DINNERS ALL > value frozen dinner for one
STEAK & WORCHESTER SAUCE > steak or Worcestershire sauce
SUPER PREMIUM TOPPING > super premium ice cream topping
SWEET GOODS - FULL SIZE > full-size sweet baked goods
TABLE SALT POPCORN SALTICE C > table salt
TAMALES (STOCKED N/CANNED MEAT > canned tamales
TOMATOES: STEWED/DICED/CRMD > canned stewed or diced tomatoes
TOPPING MIXES WHIP TOPPING > whipped topping mix
TRAY PACK/CHOC CHIP COOKIES > chocolate chip cookies
TREATS > crispy treats
VAC PAC NUTS(CANS) > canned nuts
VANILLA WAFER/KIDS COOKIES > vanilla wafers or kids' cookies
VARIETY BEANS - KIDNEY PINTO > canned kidney or pinto beans
VEGETABLE/SALAD OIL > vegetable oil
VEGETARIAN MISC > vegetarian foods
VENDING SIZE/SNGL SERVE CRACKE > single-serve crackers
VENDOR SIZE/SINGLE SERVE COOKI > single-serve cookies
VIENNA SAUSAGE > canned Vienna sausage
VINEGAR ALL-EXCEPT WINE/RIC > vinegar
VINEGAR WINE/RICE > wine or rice vinegar
WAFFLES/PANCAKES/FRENCH TOAST > frozen waffles, pancakes or French toast
""")
