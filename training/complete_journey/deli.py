"""Types of deli, bakery and restaurant foods that no rule reads well: key, `` > ``, phrase."""

from typing import Final

from training.complete_journey.words import phrase_table

DELI_PHRASES: Final = phrase_table("""
BK SPECLTY: ICE CREAM > bakery ice cream
BREAD - TOPPINGS &SEASONINGS > bread toppings and seasonings
CAKES: ANGEL FDS/CKE ROLLS > angel food cake or cake roll
CAKES: BIRTHDAY/CELEBRATION SH > birthday or celebration sheet cake
CAKES: CNDLES/RETL ACCSS > cake candles and accessories
CAKES: LAYERS > layer cakes
CAKES: NOVELTIES > novelty cakes
CAKES:BIRTHDAY/CELEBRATION LAY > birthday or celebration layer cake
CHEESE: GIFT PACKS > cheese gift pack
CHEESE: NATURAL BULK > deli natural cheese
CHEESE: NATURAL PREPORTND > pre-portioned deli natural cheese
CHEESE: PROCESSED BULK > deli processed cheese
CHEESE:CHEESEBALLS/SPREADS > cheese balls or spreads
CHEESE:PROCESSED PREPORTND > pre-portioned deli processed cheese
CHEESE:SPECIALTY BULK > deli specialty cheese
CHEESE:SPECIALTY PREPACK > packaged specialty cheese
CHIX: BAKED 8PC CUT UP (COLD) > cold baked chicken
CHIX: BAKED 8PC CUT UP (HOT) > hot baked chicken
CHIX: CHICKEN DINNERS/SNACKS C > cold chicken dinner
CHIX: CHICKEN DINNERS/SNACKS H > hot chicken dinner
CHIX: ROTISSERIE COLD > cold rotisserie chicken
CHIX: VALUE ADDED (HOT) > hot prepared chicken
CHIX:FRD 8PC/CUT UP (COLD) > cold fried chicken
CHIX:FRD 8PC/CUT UP (HOT) > hot fried chicken
CHIX:VALUE ADDED (COLD) > cold prepared chicken
COFF SHOP: COOKIES TAKE OUT > coffee shop cookies
COFF SHOP: DANISH TAKE OUT > coffee shop Danish
COFF SHOP: INEDIBLES > coffee shop merchandise
COFF SHOP: RETAIL PACK BEVERAG > coffee shop packaged drink
COFFEE SHOP: CANDY > coffee shop candy
CONDIMENTS/SUPPLIES > salad bar condiments
COOKIES: HOLIDAY/SPECIAL OCCAS > holiday cookies
COOKIES: LESS THAN 6 > small pack cookies
COOKIES: REGULAR > bakery cookies
DELI TRAY:CHICKEN > chicken party tray
DELI TRAY:FRUIT AND VEGETABLE > fruit and vegetable party tray
DELI TRAY:MEAT AND CHEESE > meat and cheese party tray
DELI TRAY:SANDWICHES > sandwich party tray
DL SPEC: DRY/REFRIG PASTAS > deli specialty pasta
DL SPEC: JELLIES/TOPPINGS > deli specialty jelly or topping
DL SPEC: MUST/OILS/VINEGARS > deli specialty mustard, oil or vinegar
DL SPEC: SAUCES/SLD DRESSINGS > deli specialty sauce or salad dressing
INSTORE CUT VEGETABLES > fresh-cut vegetables
LARGE - RICE CAKES > large rice cakes
MEAT - CAN/POUCH > canned or pouch meat
MEAT: GIFT PACK > deli meat gift pack
MEAT: PATES/MOUSSE > deli pâté or mousse
MEAT: SAUS DRY BULK > deli dry sausage
MEAT: SAUS DRY PPK/PRSLC > presliced deli dry sausage
PARTY TRAYS: BREAKFAST SWEETS > breakfast sweets party tray
PARTY TRAYS: CAKES > cake party tray
PARTY TRAYS: COOKIES-ROLLS > cookie and roll party tray
PARTY TRAYS: ROLLS > roll party tray
PASTA/GRAIN SALADS - BULK > deli pasta or grain salad
PASTA/GRAIN SALADS - PREPACK > packaged deli pasta or grain salad
PIES: TARTS/MINIS/CRSTDAS > tarts or mini pies
PREP FD: HISPANIC (COLD) > cold prepared Hispanic food
PREP FD: ORIENTAL (COLD) > cold prepared Asian food
PREP FD: PORTION PACKS > prepared food portion packs
PROCESSED SALAD > prepared salad
PROTIEN SALADS - BULK > deli protein salad
PROTIEN SALADS - PREPACK > packaged deli protein salad
QSR FD: COLD PIZZA > cold quick-service pizza
QSR FD: HOT PIZZA > hot quick-service pizza
QSR FD: ORIENTAL (COLD) > cold quick-service Asian food
QSR FD: ORIENTAL (HOT) > hot quick-service Asian food
QSR PIZZA COLD > cold quick-service pizza
ROLLS: BAGELS > bakery bagels
ROLLS: BAGELS - LESS THAN 6 > small pack bakery bagels
ROLLS: BISCUITS/ENG MUFFINS > biscuits or English muffins
ROLLS: CROISSANTS/BREADSTICKS > croissants or breadsticks
SAL: DESSERTS-BULK > deli dessert
SAL: DESSERTS-PREPACK > packaged deli dessert
SAL: SALSA/DIPS BULK > deli salsa or dips
SAL:OLIVES/PICKLES-BULK > deli olives or pickles
SAL:OLIVES/PICKLS-PRPCK > packaged deli olives or pickles
SAL:SALSA/DPS-PRPCK > packaged deli salsa or dips
SALAD: INGREDIENTS > deli salad ingredients
SALAD: LETTUCE > deli lettuce salad
SNACKS: CRACKERS/COOKIES > deli crackers or cookies
SNACKS: DRY > deli dry snacks
SNACKS: SALTY > deli salty snacks
SOUPS > salad bar soup
SUSHI - IN STORE PREPARED > store-made sushi
SV BEV: BEV/JUIC 10-50% JCE > fresh-served juice drink
SV BEV: CARB BEVERAGE > fountain soda
SV BEV: COFFEE > fresh-brewed coffee
SV BEV: COFFEE DINE IN > dine-in coffee
SV BEV: COFFEE TAKE OUT > takeout coffee
SV BEV: N/CARB FLV FRK/MINWTR > fresh-served flavored water
SV BEV: TEA > fresh-brewed tea
SW GDS: BROWNIE/BAR COOKIE > brownies or bar cookies
SW GDS: PUFF PASTRY-LESS THAN > small pack puff pastry
SW GDS: SWT/FLVRD LOAVES > sweet or flavored loaf
SW GDS:DONUTS-LSS THN 6 > small pack donuts
SW GDS:MUFFINS-LSS THN 6 > small pack muffins
SW GDS:SW ROLLS/DAN-LESS THN 6 > small pack sweet rolls or Danish
VEGETABLE SALADS - BULK > deli vegetable salad
VEGETABLE SALADS - PREPACK > packaged deli vegetable salad
""")
