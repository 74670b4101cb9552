"""Departments and categories in a shopper's words, and what a category adds to a type that is a bare adjective."""

from typing import Final

from training.complete_journey.words import phrase_table

DEPARTMENT_PHRASES: Final = phrase_table("""
GROCERY > Grocery
DRUG GM > Health, beauty & home
PRODUCE > Produce
MEAT-PCKGD > Packaged meat
MEAT > Meat
DELI > Deli
PASTRY > Bakery
NUTRITION > Natural foods
FUEL > Fuel
SEAFOOD-PCKGD > Packaged seafood
SALAD BAR > Salad bar
MISCELLANEOUS > Miscellaneous
COSMETICS > Cosmetics
FLORAL > Floral
SEAFOOD > Seafood
SPIRITS > Spirits
CHEF SHOPPE > Chef shop
GARDEN CENTER > Garden center
TRAVEL & LEISURE > Travel & leisure
COUPON > Coupons
RESTAURANT > Restaurant
FROZEN GROCERY > Frozen grocery
GM MERCH EXP > Merchandise expense
AUTOMOTIVE > Automotive
PHOTO & VIDEO > Photo & video
CNTRL/STORE SUP > Store supplies
POSTAL CENTER > Postal center
PROD-WHS SALES > Produce warehouse sales
TOYS > Toys
ELECT &PLUMBING > Electrical & plumbing
CHARITABLE CONT > Charitable contributions
HOUSEWARES > Housewares
""")

CATEGORY_PHRASES: Final = phrase_table("""
BAKED BREAD/BUNS/ROLLS > Packaged bread, buns & rolls
BREAD > Bakery bread
ROLLS > Bakery rolls
CAKES > Bakery cakes
PIES > Bakery pies
COOKIES > Bakery cookies
COOKIES/CONES > Cookies & cones
BREAKFAST SWEETS > Bakery breakfast sweets
SWEET GOODS & SNACKS > Bakery sweet goods & snacks
CHEESE > Packaged cheese
CHEESES > Deli cheese
SNACKS > Deli snacks
SANDWICHES > Deli sandwiches
SALADS/DIPS > Deli salads & dips
PREPARED FOOD > Deli prepared food
PARTY TRAYS > Deli party trays
CHICKEN/POULTRY > Deli chicken & poultry
DELI SPECIALTIES (RETAIL PK) > Deli specialties
SERVICE BEVERAGE > Deli drinks
BAG SNACKS > Bagged snacks
WAREHOUSE SNACKS > Boxed & canister snacks
FRZN MEAT/MEAT DINNERS > Frozen meals & dinners
FROZEN MEAT > Packaged frozen meat
FROZEN PACKAGE MEAT > Frozen meat packs
FROZEN PIZZA > Frozen pizza & snacks
FROZEN > Natural frozen foods
FROZEN - BOXED(GROCERY) > Boxed frozen seafood
REFRIGERATED > Natural refrigerated foods
CANDY - CHECKLANE > Checkout candy
CANDY - PACKAGED > Packaged candy
CRACKERS/MISC BKD FD > Crackers & baked snacks
COUPON/MISC ITEMS > Coupons & miscellaneous items
COUPONS/STORE & MFG > Store & manufacturer coupons
COUPON > Coupon sales
HISPANIC > Hispanic & world foods
MILK BY-PRODUCTS > Sour cream, cottage cheese & dips
MEAT - SHELF STABLE > Canned meat & meals
FRUIT - SHELF STABLE > Canned fruit
SEAFOOD - SHELF STABLE > Canned seafood
VEGETABLES - SHELF STABLE > Canned vegetables
VEGETABLES - ALL OTHERS > Fresh vegetables
VEGETABLES SALAD > Lettuce & salad vegetables
BEANS - CANNED GLASS & MW > Canned & microwave beans
SALD DRSNG/SNDWCH SPRD > Salad dressing & sandwich spreads
CONVENIENT BRKFST/WHLSM SNACKS > Convenient breakfast & wholesome snacks
WATER - CARBONATED/FLVRD DRINK > Bottled & flavored water
WATER > Natural water
JUICE > Natural juice
BEVERAGE > Natural beverages
DINNER MXS:DRY > Dry dinner mixes
FD WRAPS/BAGS/TRSH BG > Food wraps & trash bags
FACIAL TISS/DNR NAPKIN > Facial tissue & napkins
GREETING CARDS/WRAP/PARTY SPLY > Greeting cards, gift wrap & party supplies
PEPPERS-ALL > Peppers
MEAT - MISC > Packaged meat extras
MISC. DAIRY > Refrigerated dairy foods
MISCELLANEOUS > Packaged deli sides
MISCELLANEOUS CROUTONS > Croutons
MISCELLANEOUS HBC > Miscellaneous health & beauty
SEAFOOD - FROZEN > Frozen fish & shellfish
FRZN SEAFOOD > Frozen seafood meals
SEAFOOD-FRESH > Fresh seafood
SEAFOOD - MISC > Seafood extras
PKG.SEAFOOD MISC > Packaged seafood extras
HEAT/SERVE > Heat & serve meals
PROCESSED > Dips, dressings & produce extras
BABY HBC > Baby care
BABY FOODS > Baby food
BABYFOOD > Natural baby food
INFANT CARE PRODUCTS > Infant care
FITNESS&DIET > Fitness & diet
DIETARY AID PRODUCTS > Diet aids
HAND/BODY/FACIAL PRODUCTS > Hand, body & facial care
HAIR CARE PRODUCTS > Hair care
ORAL HYGIENE PRODUCTS > Oral care
SHAVING CARE PRODUCTS > Shaving care
FOOT CARE PRODUCTS > Foot care
EYE AND EAR CARE PRODUCTS > Eye & ear care
FIRST AID PRODUCTS > First aid
ELECTRICAL SUPPPLIES > Electrical supplies
CHRISTMAS SEASONAL > Christmas
FALL AND WINTER SEASONAL > Fall & winter
SPRING/SUMMER SEASONAL > Spring & summer
SEASONAL > Seasonal produce
VALENTINE > Valentine's Day
TOYS > Toys & card games
FLORAL-FRESH CUT > Fresh cut flowers
FLORAL-FLOWERING PLANTS > Flowering plants
FLORAL-FOLIAGE PLANTS > Foliage plants
FLORAL- HARD GOODS > Floral hard goods
FLORAL-ACCESSORIES > Floral accessories
BOUQUET (NON ROSE) > Bouquets
CEREAL/BREAKFAST > Natural cereal & breakfast
CHIPS&SNACKS > Natural chips & snacks
SNKS/CKYS/CRKR/CNDY > Natural cookies, crackers & candy
PREPARED/PKGD FOODS > Natural prepared foods
CONDIMENTS > Natural condiments
CONDIMENTS/SAUCES > Condiments & sauces
BAKING > Natural baking
NON EDIBLE PRODUCTS > Natural household goods
DRY TEA/COFFEE/COCO MIX > Natural tea, coffee & cocoa
NDAIRY/TEAS/JUICE/SOD > Natural teas, juices & sodas
NON-DAIRY BEVERAGES > Nondairy beverages
NATURAL HBC > Natural health & beauty
FRZN NOVELTIES/WTR ICE > Ice cream bars & water ice
FRZN ICE > Packaged ice
FRZN JCE CONC/DRNKS > Frozen juice concentrate & drinks
FRZN VEGETABLE/VEG DSH > Frozen vegetables & side dishes
FROZEN PIE/DESSERTS > Frozen pies & desserts
PWDR/CRYSTL DRNK MX > Powdered drink mixes
PICKLE/RELISH/PKLD VEG > Pickles, relish & pickled vegetables
MOLASSES/SYRUP/PANCAKE MIXS > Syrup, molasses & pancake mixes
NEW AGE > New age beverages
BATH > Bath products
BATH TISSUES > Bath tissue
J-HOOKS > Clip strip items
BOOKSTORE > Books
MAGAZINE > Magazines
NEWSPAPER > Newspapers
HOSIERY/SOCKS > Hosiery & socks
DISPOSIBLE FOILWARE > Disposable foilware
SPORTS MEMORABLILIA > Sports memorabilia
PREPAID WIRELESS&ACCESSORIES > Prepaid wireless & accessories
GARDEN CENTER > Garden center plants
COFFEE SHOP SWEET GOODS&RETAIL > Coffee shop sweets & retail
RW FRESH PROCESSED MEAT > Random-weight fresh processed meat
PROD SUPPLIES > Produce supplies
TOBACCO OTHER > Tobacco & lighters
ORGANICS FRUIT & VEGETABLES > Organic fruit & vegetables
VALUE ADDED FRUIT > Cut fruit
VALUE ADDED VEGETABLES > Cut vegetables
HOME FREEZING & CANNING SUPPLY > Home freezing & canning supplies
MISC WINE > Specialty wine
SMOKING CESSATIONS > Smoking cessation
SUNTAN > Sun care
EXOTIC GAME/FOWL > Exotic game & fowl
LAWN AND GARDEN SHOP > Lawn & garden
DOLLAR VALUE PRODUCTS > Dollar value items
WATCHES/CALCULATORS/LOBBY > Watches, calculators & lobby items
CONTINUITIES > Collectible offers
TICKETS > Tickets
SOAP - LIQUID & BAR > Liquid & bar soap
ANALGESICS > Pain relief
ISOTONIC DRINKS > Sports drinks
EASTER LILY > Easter lilies
DOG FOODS > Dog food
""")

CATEGORY_NOUNS: Final = phrase_table("""
ICE CREAM/MILK/SHERBTS > ice cream
PASTA SAUCE > pasta sauce
HOT DOGS > hot dogs
BACON > bacon
DINNER SAUSAGE > sausage
BREAKFAST SAUSAGE/SANDWICHES > breakfast sausage
LUNCHMEAT > lunchmeat
FROZEN PIZZA > frozen pizza
PREPARED/PKGD FOODS > packaged meal
MEAT - MISC > meat
HISPANIC > world foods
COOKWARE & BAKEWARE > cookware or bakeware
GLASSWARE & DINNERWARE > glassware or dinnerware
DOMESTIC GOODS > home goods
CHRISTMAS SEASONAL > Christmas items
EASTER > Easter items
HALLOWEEN > Halloween items
VALENTINE > Valentine's Day items
SPRING/SUMMER SEASONAL > spring and summer items
FALL AND WINTER SEASONAL > fall and winter items
APPAREL > clothing
TOYS AND GAMES > toys
AUDIO/VIDEO PRODUCTS > media
FLORAL- HARD GOODS > floral goods
HOSIERY/SOCKS > hosiery
MAKEUP AND TREATMENT > makeup
FROZEN MEAT > frozen meat
SMOKED MEATS > smoked meat
SEASONAL > produce
EXOTIC GAME/FOWL > game or fowl
""")

CATEGORY_PREFIXES: Final = phrase_table("""
BEEF > beef
PORK > pork
LAMB > lamb
VEAL > veal
TURKEY > turkey
CHICKEN > chicken
VEGETABLES - SHELF STABLE > canned
FRUIT - SHELF STABLE > canned
SEAFOOD - SHELF STABLE > canned
CHRISTMAS SEASONAL > Christmas
EASTER > Easter
HALLOWEEN > Halloween
VALENTINE > Valentine's Day
""")
