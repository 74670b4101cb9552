"""Types of produce, flowers, meat and seafood that no rule reads well: key, `` > ``, phrase."""

from typing import Final

from training.complete_journey.words import phrase_table

FRESH_PHRASES: Final = phrase_table("""
APPLES CRABAPPLES > crabapples
APPLES GOLD DELICIOUS (BULK&BA > Golden Delicious apples
APPLES RED DELICIOUS (BULK&BAG > Red Delicious apples
APPLES WEDGE/SLICES > apple wedges or slices
BACON - BELLY/JOWL > bacon, belly or jowl
BALLOONS 18IN PKG LICENSED > packaged character balloons
BALLOONS 18IN PKG NON LICENSED > packaged foil balloons
BALLOONS 18IN SEASONAL LICENSE > seasonal character balloons
BALLOONS METALLIC 18IN > metallic balloons
BALLOONS SHAPES/OTHER > shaped balloons
BEANS > fresh beans
BETTER FOR YOU > lighter
BLENDS > salad blend
BOUQUET (NON ROSE) ALL OTYHER > mixed bouquet
BOUQUET EVERYDAY MUSICAL > everyday bouquet
BREADED - CHICKEN > breaded chicken
BREAST - BONE-IN (FRZ) > frozen bone-in {} breast
BREAST - BONE-IN (IQF) > frozen bone-in chicken breast
BREAST - BONE-IN > bone-in {} breast
BREAST - BONELESS > boneless {} breast
BREAST - BONELESS(IQF) > frozen boneless chicken breast
BROCCO-FLOWER > broccoflower
BROCCOLI WHOLE&CROWNS > broccoli
BROCCOLI/CAULIFLOWER PROCESSED > cut broccoli or cauliflower
BRSKT/BRST/BLY - WH/HALF > whole or half {} brisket
BUNCHES 10 STEMS AND UP (OTHER > large flower bunch
BUNCHES 2-4 STEM (OTHER) > small flower bunch
BUNCHES 5-9 STEM (OTHER) > medium flower bunch
BUTTS > shoulder butts
CARROTS SLICED/SHRED/STICKS > sliced, shredded or stick carrots
CB (NON ROSE)LILY > lily bunch
CELERY CHOPPED/STICKS > chopped or stick celery
CHICKEN BREAST BONE IN > bone-in chicken breast
CHICKEN BREAST BONELESS > boneless chicken breast
CHUCK/SHLDR - ROAST > chuck or shoulder roast
CHUCK/SHLDR - STK/CHP/SLC > chuck or shoulder steaks
COCKTAILS > cocktail sausages
COLESLAW > coleslaw mix
CONSUMER BUNCH (NON-ROSE) > flower bunch
CORN BI-COLOR > bicolor corn
CORN FRESH PACKAGED > packaged fresh corn
CORN WHITE > white corn
CORN YELLOW > yellow corn
CUBED MEATS > cubed {}
DELUXE 25 STEMS & UP > deluxe bouquet
DIET BARS DIET LIQUID MEALS > diet bars or liquid meals
DIET CNTRL BARS NUTRITIONAL > diet nutrition bars
DIET CNTRL LIQS NUTRITIONAL > diet nutrition shakes
DIET CNTRL LIQS SUPPLEMENT > diet supplement drink
DIET CNTRL POWDERS NUTRITIONAL > diet nutrition powder
DIPS > produce dip
DRUMS (FRZ) > frozen {} drumsticks
DRUMS (IQF) > frozen chicken drumsticks
DRY > dry-cured {}
ECONOMY - BEEF > value beef
ECONOMY - MEAT > value meat
ENHANCED > flavor-enhanced {}
ENTREES > heat-and-serve entrees
EVERYDAY MEDIUM > medium everyday bouquet
EVERYDAY SMALL > small everyday bouquet
EXTERNAL > variety cuts
EXTERNAL FRESH > fresh {} variety cuts
FILLERS > filler flowers
FLATS > bedding plant flats
FLNK/PLT/SHNK - STK/CHP/SLC > flank, plate or shank steaks
FLNK/PLT/SHNK - WH/HALF > whole or half {} flank, plate or shank
FLORAL - ALL OTHERS > floral supplies
FLOWERING PLANTS (5IN & DOWN) > small flowering plants
FOLIAGE PLANTS (5IN & DOWN) > small foliage plants
FOLIAGE PLANTS (6IN TO 10IN) > medium foliage plants
FRESH CUT OTHERS (NON-ROSE) > fresh cut flowers
FRESH-BETTER FOR YOU > lighter fresh
FROZEN PACKAGE MEAT > packaged frozen meat
FRZN BREADED PREPARED CHICK > frozen breaded chicken
FRZN BURGERS/BBQ/MEATBALL > frozen burgers, barbecue or meatballs
FRZN REGIONAL/OTHER > regional frozen dinner
FTD SERVICE CHARGES > flower delivery charge
GARDEN PLUS > garden plus salad mix
GARLIC JAR > jarred garlic
GARLIC WHOLE CLOVES > garlic
GERBS > gerbera daisies
GIFT BASKETS W/FOOD > food gift baskets
GRINDS > ground {}
GRND/PATTY - BEEF > ground beef or patties
GRND/PATTY - BEEF(EW) > ground beef or patties
GRND/PATTY - CHUCK > ground chuck beef or patties
GRND/PATTY - CHUCK(EW) > ground chuck beef or patties
GRND/PATTY - FROZEN > frozen ground {} patties
GRND/PATTY - ROUND > ground round beef or patties
GRND/PATTY - SIRLOIN (90%+) > ground sirloin beef or patties
HAM - BONE-IN HALF/PORT > bone-in half or portion ham
HAM - BONE-IN WHOLE > whole bone-in ham
HAM - BONELESS HALF/PORT > boneless half or portion ham
HAM - BONELESS WHOLE > whole boneless ham
HAM - SPIRAL > spiral-sliced ham
HAM - STEAKS/SLICES/CUBES > ham steaks, slices or cubes
HAM > sliced ham
HAM- NET WEIGHT > ham
HAMS-CANNED > canned ham
HAMS-DRY CURED/COUNTRY > dry-cured country ham
HAMS-HALF/PORT BONE-IN > bone-in half or portion ham
HAMS-HALF/PORT BONELESS > boneless half or portion ham
HAMS-SPIRAL > spiral-sliced ham
HAMS-WHOLE BONE-IN > whole bone-in ham
HAMS-WHOLE BONELESS > whole boneless ham
HERBS AND EDIBLES > herb and edible plants
HERBS BASIL > basil
HERBS CILANTO > cilantro
HERBS PARSLEY > parsley
HOT DOGS-BEEF > beef hot dogs
IN STORE MADE > bouquet made in store
INSTORE CUT FRUIT > fresh-cut fruit
INTERNAL > organ meats
INTERNAL FRESH > fresh {} organ meats
KABOBS POULTRY > {} kabobs
KITS > salad kit
KIWI FRUIT > kiwifruit
LINKS - COOKED > cooked sausage links
LINKS - RAW > raw sausage links
LOAVE > lunchmeat loaf
LOIN - CHOPS BONE-IN > bone-in {} loin chops
LOIN - CHOPS BONELESS > boneless {} loin chops
LOIN - ROAST > {} loin roast
LOIN - STK/CHP/SLC > {} loin steaks, chops or slices
LOIN - WH/HALF > whole or half {} loin
LOIN - WH/HALF BONE-IN > whole or half bone-in {} loin
LOIN - WH/HALF BONELESS > whole or half boneless {} loin
LUNCHMEAT-RW-ALL > lunchmeat
MARINATED POULTRY > marinated {}
MEAL SOL-RAW FRTHR PREPRD MT > raw prepared meat
MEAT-MISC-MISC > assorted meats
MEAT-MISC-RW-ALL > assorted meats
MEAT-MISC-SAUCES/MARIN-DRY > dry meat marinade
MINI 2-5 STEMS > mini bouquet
MINUET > minuet bouquet
MUSHROOMS W/WHOLE PKG > whole white mushrooms
MUSHROOMS WHITE SLICED PKG > sliced white mushrooms
NON FOOD > produce accessories
NON-MEATS - OTHER > meat department extras
OFFALS > {} offal
ORANGES NAVELS ALL > navel oranges
ORANGES NON NAVEL ALL > oranges
ORGANIC PROCESSED > organic prepared produce
ORGANIC VALUE ADDED VEGETABLES > organic cut vegetables
ORGANIC VEGETABLES SALAD > organic salad vegetables
OTHER - FULLY COOKED > fully cooked meats
OTHER > breakfast sausage
OUTGOING/INCOMING FTD > flower delivery order
P S ITEMS (NON ROSE) > flower pick-ups
PATTIES - COOKED > cooked sausage patties
PATTIES - RAW > raw sausage patties
PICKLE ITEMS > pickled foods
PINEAPPLE WEDGE/SLICED/CHUNKS > pineapple wedges, slices or chunks
PINEAPPLE WHOLE&PEEL/CORED > whole or cored pineapple
PIZZA > frozen pizza
POTATOES PROCESSED > prepared potatoes
POTATOES SWEET&YAMS > sweet potatoes and yams
PREMIUM - BEEF > premium beef
PREMIUM - MEAT > premium meat
PREMIUM 16-24 STEMS > premium bouquet
PREMIUM ORCHIDS POTTED > premium potted orchids
PRIMAL > primal-cut {}
PROCESSED OTHER > prepared produce
PRODUCE DISCONTINUED ITEMS > discontinued produce
PUMPKINS NON FOOD DECORATED > decorated pumpkins
RADISH > radishes
REGULAR GARDEN > garden salad mix
RHAPSODY > rhapsody bouquet
RIB - SPARE RIB/BACK RIB > {} spare or back ribs
RIB - STK/CHP/SLC > {} rib steaks, chops or slices
RIB - WHL/HALF > whole or half {} rib
RIBS - COUNTRY/WESTERN STYLE > country-style {} ribs
RIBS - SPARE RIB/BACK RIB > {} spare or back ribs
ROLLS - FLAVORED/OTHER > flavored sausage roll
ROLLS - PORK > pork sausage roll
ROSE CONSUMER BUNCH > rose bunch
ROUND/LEG - ROAST > round or leg roast
ROUND/LEG - STK/CHP/SLC > round or leg steaks
SANDWICHES-OTHER > heat-and-serve sandwiches
SANDWICHES/BISCUITS/GRAVY > breakfast sandwiches, biscuits or gravy
SBT > floral supplies
SEAFOOD-FRE-LIVE SHLFSH-OTHER > live shellfish
SEAFOOD-FRE-MISC > fresh seafood
SEAFOOD-FRE-NON RW-ALL > prepared fresh seafood
SEAFOOD-FRE-OYSTERS-RAW > raw fresh oysters
SEAFOOD-FRE-RAW FINFISH-OTHER > raw fresh fish
SEAFOOD-FRE-SMOKED > smoked seafood
SEAFOOD-FRZ-BRD WHOLE FILLETS > frozen breaded fish fillets
SEAFOOD-FRZ-BRD-OTHER > frozen breaded seafood
SEAFOOD-FRZ-GRILLED PORTIONS > frozen grilled fish portions
SEAFOOD-FRZ-IQF COOKED SHRIMP > frozen cooked shrimp
SEAFOOD-FRZ-IQF RAW SHRIMP EXA > bagged frozen raw shrimp
SEAFOOD-FRZ-IQF RAW SHRIMP RW > frozen raw shrimp
SEAFOOD-FRZ-MISC > assorted frozen seafood
SEAFOOD-FRZ-RAW FILLETS > frozen raw fish fillets
SEAFOOD-FRZ-RW-ALL > frozen seafood
SEAFOOD-MISC-BREADERS/BTR MIX > seafood breading or batter mix
SEAFOOD-MISC-MISC > seafood extras
SEAFOOD-MISC-RW-ALL > seafood extras
SEAFOOD-MISC-SAUCES/MARIN-DRY > dry seafood seasoning mix
SEAFOOD-MISC-SAUCES/MARIN-WET > seafood sauce or marinade
SEAFOOD-MISC-SPICES > seafood spices
SEASONED POULTRY > seasoned {}
SELECT 6-9 STEMS > select bouquet
SHLDR - BUTT > shoulder butt
SHLDR - PICNIC > picnic shoulder
SHLDR - STK/CHP/SLC > {} shoulder steaks, chops or slices
SINGLE STEMS > single-stem flowers
SMOKED CHOPS BONE-IN > smoked bone-in pork chops
SMOKED CHOPS BONELESS > smoked boneless pork chops
SMOKED/COOKED - BEEF > smoked or cooked beef
SMOKED/COOKED - BETTER FOR YOU > lighter smoked or cooked
SNACK MEAT > meat snacks
SOUP/STEW > {} for soup or stew
SPINACH & GREENS > canned spinach and greens
STANDARD 10-15 STEMS > standard bouquet
STIR FRY/STRIPS/FAJITAS > {} strips for stir fry or fajitas
STUFFED/MIXED POULTRY > stuffed or mixed {}
THIGHS (IQF) > frozen chicken thighs
THIN MEATS > thin-cut {}
TOMATOES HOTHOUSE ON THE VINE > hothouse tomatoes on the vine
TOMATOES VINE RIPE BULK > vine-ripe tomatoes
TOMATOES VINE RIPE PKG > packaged vine-ripe tomatoes
TROPICAL SHOW PLANTS (10IN&UP) > large tropical plants
TROPICALS > tropical flowers
TURKEY BREAST BONE IN > bone-in turkey breast
TURKEY BREAST BONELESS > boneless turkey breast
TURKEY GRND/PTTY > ground turkey or patties
TURKEY PARTS SMOKED > smoked turkey parts
VARIETY LETTUCE > leaf lettuce
VARIETY MEAT - CUBE/STW/STRP > {} cubes and strips
VARIETY MEAT - EXTERNAL > {} variety cuts
VARIETY MEAT - INTERNAL > {} organ meats
VARIETY PACK > lunchmeat variety pack
VEGETABLE > vegetable plants
VEGETABLES ALL OTHER > fresh vegetables
WATERMELON SEEDLESS WHOLE > whole seedless watermelon
WATERMELON W/SEEDS WHOLE > whole seeded watermelon
WHOLE - HENS (15 LBS & UNDER F > whole turkey hen
WHOLE - TOM (16 LBS & OVER FRS > fresh whole turkey tom
WHOLE - TOM (16 LBS & OVER FRZ > frozen whole turkey tom
WHOLE HEN (OVER 15LBS) > large whole turkey hen
WHOLE HEN (UNDER 15LBS) > whole turkey hen
WHOLE HENS (UNDER 15LBS) > whole turkey hen
WHOLE TOMS (OVER 15LBS) > whole turkey tom
WHOLE/CUTUP > whole or cut-up {}
WINGS (IQF) > frozen chicken wings
""")
