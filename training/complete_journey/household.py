"""Types of household, gift and leisure goods that no rule reads well: key, `` > ``, phrase."""

from typing import Final

from training.complete_journey.words import phrase_table

HOUSEHOLD_PHRASES: Final = phrase_table("""
20 BIKES > 20-inch bikes
ABRASIVES > abrasive cleaner
ACTIVITY > activity toys
ADDITIVES/FLUIDS > automotive additives and fluids
AGE RESTRICTED DVD S > mature-rated DVDs
AGE RESTRICTED SPHE $9.99 > mature-rated value DVDs
AGE RESTRICTED SPHE DVDS > mature-rated studio DVDs
AIR CARE - AEROSOLS > air freshener spray
AIR CARE - CANDLES > air freshener candle
AIR CARE - CONTINUOUS - NON EL > nonelectric air freshener
AIR CARE - CONTINUOUS ACTION > continuous air freshener
AIR CARE - DISINFECTANT SPRAYS > disinfectant spray
AIR CARE - RUG > rug freshener
AIR CARE - SANITIZERS > air sanitizer
ALL FABRIC DRY BLEACH > color-safe powder bleach
ALL FABRIC LIQUID BLEACH > color-safe liquid bleach
ALL PURPOSE CLEANERS > all-purpose cleaner
ALMANACS-MAGAZINE > almanac
ALTERNATIVE LITTER > alternative cat litter
AMERICAN EXPRESS GIFT CARD > American Express gift card
ANT AND ROACH > ant and roach killer
ANT CONTROL > ant killer
APS > APS film
AQUARIUM NEEDS > aquarium supplies
AS SEEN ON TV > as-seen-on-TV items
AUDIO > audiobooks
AUTO BODY PAINT/ADHESIVES > auto body paint or adhesive
AUTO DISH DETERGENT - GEL > dishwasher gel
AUTO DISH DETERGENT - MONODOSE > dishwasher tablets
AUTOMATIC DISHWASHER DETERGENT > dishwasher detergent
BAGS/TAGS/TISSUE/BOXES > gift bags, tags, tissue or boxes
BANDANA/SCARVES > bandanas or scarves
BAR-B-Q ACCESSORIES GRILLS > barbecue grills and accessories
BARBIE > Barbie toys
BARGAIN > bargain books
BASIC CALC > basic calculator
BASIC OPENSTOCK > basic tableware
BATH ACCES:TOWEL BARS/SOAP D > towel bars and soap dishes
BATH TOWELS WASH CLOTHS HT > bath towels and washcloths
BATH UTILITY/ORG > bath organizers
BATHROOM CLEANERS - GENERAL > bathroom cleaner
BATTERIES:CAMERA/FLASH/WATCH > camera and watch batteries
BIRD FEEDERS&MISC WILD BIRD > bird feeders
BLEND/MIX > blenders and mixers
BOXED > boxed glassware
BOXING > boxing gear
BROOMS: PLSTC/NATRL & PATIO > household and patio brooms
BRUSHES > cleaning brushes
BUILDERS HARDWARE > builder's hardware
CABINET ACCS: HINGES/KNOBS > cabinet hinges or knobs
CAMERAS-35MM/APS > 35 mm or APS cameras
CAN CATFD GOURMET/SUP PREM (GR > gourmet canned cat food
CAN DOG FOOD (SKIPPY/PEDIGREE/ > canned dog food
CAN DOG FOOD RATION (TRIX/VETS > value canned dog food
CAN DOGFD GOURMET/SUPER PREM ( > gourmet canned dog food
CANDLES ACCESSORIES > candle accessories
CANDLES SEASONAL > seasonal candles
CANNED CAT FOOD RATION (ECONOM > value canned cat food
CANNING JARSLIDSUTENSILSMIS > canning jars, lids and utensils
CARDS EVERYDAY > everyday greeting card
CARDS SEASONAL > seasonal greeting card
CATALOGS-MAGAZINE > catalog
CD-R > recordable CDs
CHARCOAL LIGHTER FLUID/UTILITY > charcoal lighter fluid
CHEMICALS > household chemicals
CHEMICALS/MTL POLISH/MOTH > metal polish and moth care
CHILDREN S ACTIVITY > children's activity supplies
CHILDREN-MAGAZINE > children's magazine
CHILDRENS LOW END > value children's books
CHRISTMAS > Christmas items
CIG LIGHTERS/LTR FLUID/PIPES > lighters, lighter fluid or pipes
CLOSET ORGNZRS: HNGRS/STORER > closet organizers and hangers
COFFEE > coffee makers
COLLEGIATE > collegiate merchandise
COMPACT FLUORESCENT LIGHT BULB > compact fluorescent light bulb
COMPUTER SOFTWARE - GAMES > computer games
CONSTRUCTION > construction toys
CONTINUITY > collectible offer
CONTINUITY: FLATWARE/CUTLERY > collectible flatware or cutlery
CONTINUITY: FRAMES > collectible frames
CONTINUITY: TOYS > collectible toys
CONVENTIONAL LITTER > conventional cat litter
COORDINATES > coordinated home goods
COUPONS/STORE & MFG > store and manufacturer coupons
COVER PADS > ironing board covers
CROSSWORDS/PUZZLES-MAGAZINE > crossword and puzzle magazine
CRV DEPOSIT NT/F > bottle deposit
CRV DEPOSIT T/NF > bottle deposit
DEA SCHEDULE C II > pharmacy item
DECOR > decorations
DECOR BULBS > decorative light bulbs
DESIGNER PAPER: MEDIUM WEIGHT > designer paper plates
DEVELOP/ PRINT PROCESSING > photo developing and printing
DIECAST MINI > mini diecast toys
DIGITAL > digital camera supplies
DISPOSABLE FD STORAGE CONTAINR > disposable food storage containers
DIY ELECTRICAL > do-it-yourself electrical supplies
DOG & CAT CHEMICALS > flea and pest care for dogs and cats
DOG TREATS (SOFT TREATS) > soft dog treats
DOLLAR DAYS > dollar days items
DOMESTIC BIRD FOOD/NEEDS > pet bird food and supplies
DOORMATS RUN RUNNERS CARPT > doormats, runners and carpets
DRAIN CARE > drain opener
DRY & SPRAY STARCH > dry or spray starch
DRY CAT FOOD ECONOMY (COST CUT > value dry cat food
DRY CAT FOOD SUP PREM (ONE/NUT > super premium dry cat food
DRY DOG ECONOMY (COST CUTTER/F > value dry dog food
DRY DOG FOOD PREMIUM (ALPO/PUR > premium dry dog food
DRY DOG FOOD SUPER PREM (ONE/N > super premium dry dog food
DRY DOG VALUE (PET PRIDE/KLR/G > everyday dry dog food
DVD S > DVDs
ELECTRICAL ITEMS > automotive electrical items
ELECTRONIC GIFT CARDS ACTIVATI > gift card activation
ELECTRONIC GIFT CARDS REFRESH > gift card reload
FABRIC REFRESHERS/DRY CLEAN > fabric refresher
FABRIC SOFTENER LIQUID > liquid fabric softener
FABRIC/MISC BAGS > fabric bags
FACIAL TISSUE & PAPER HANDKE > facial tissue
FALL & WINTER SEASONAL > fall and winter items
FASHION PLAY > fashion play toys
FASHION SLG > small leather goods
FINISHED ELECTRICAL > electrical accessories
FISHER PRICE > Fisher-Price toys
FISHER PRICE BRANDS > Fisher-Price toys
FLOOR - CARPET & UPHOLSTERY > carpet and upholstery cleaner
FLOOR - DILUTABLES > concentrated floor cleaner
FLOOR - HARD SURFACE > hard floor cleaner
FLOURSCENT LAMPS > fluorescent lamps
FLYING INSECT > flying insect killer
FM-COLLEGIATE > collegiate fan merchandise
FM-TEAM SPORTS > team sports fan merchandise
FRAMES > picture frames
FRESH MINERAL > fresh mineral makeup
FURNITURE > furniture polish
GADGETS/TOOLS > kitchen gadgets and tools
GARBAGE KITCHEN COMPACTOR BA > kitchen garbage bags
GARDEN WICKER > garden wicker furniture
GASOLINE-REG UNLEADED > regular unleaded gasoline
GENERAL PURPOSE BULBS > general purpose light bulbs
GENERAL USE/MISC > small appliances
GIFT-WRAP EVERYDAY > everyday gift wrap
GIFT-WRAP SEASONAL > seasonal gift wrap
GOURMET/UPSCALE > gourmet kitchen tools
GREAT GIFTS > gift toys
GREEN (NAT DISH&LNDRY DETE) > natural dish or laundry detergent
HALLOWEEN COSTUMES/MASKS/ACCES > costumes, masks and accessories
HALLOWEN > Halloween items
HAND HELD GAMES > handheld games
HARDBACK/TRADE BEST SELLER > bestselling hardback book
HARDBACK/TRADE EVERYDAY > everyday hardback book
HASBRO > Hasbro toys
HD DESIGNS > HD Designs kitchenware
HEADCLEANERS > tape head cleaner
HH GAMES > handheld games
INDOOR FLOODS AND SPOTS > indoor flood and spot lights
INDR PLANTR ACCESSORIES > indoor planter accessories
INSIDE FROST BULBS > frosted light bulbs
INTERIOR/EXTERIOR ACCESSIORES > interior or exterior car accessories
INTERIOR/EXTERIOR CARE > interior or exterior car care
IRONING ACCESSORIES: BRDS/CV > ironing boards and covers
KIDS/FAMILY > kids' and family videos
KITCHEN & BATHROOM DISPENSER C > kitchen and bath dispenser cups
KITCHEN & MULTI-PURPOSE CLEANE > kitchen and multipurpose cleaner
LABELS/POST-IT/INDEX CARD > labels, sticky notes and index cards
LAUNDRY > laundry baskets
LICENSE APPAREL GIRLS 7-16 > girls' licensed clothing
LITTER ACCESSORIES > litter box accessories
LRG VEHICLE > large toy vehicles
LUBRICANTS/CLEANERS > lubricants or cleaners
MALE ACTION > action figures
MAPS/ATLAS > maps or atlases
MATS/IO CARPETS > indoor or outdoor mats
MEDIA TAPE/BATTERIES > recording tape and batteries
MESSAGE CENTER/SIGNING > message boards and signs
MINI DISC > minidiscs
MISC CARRIER > prepaid phone service
MISC CHEMICALS > household chemicals
MISC GREETING CARD SHOP > greeting card shop items
MISC HOLIDAYS > holiday items
MISC HOUSEHOLD- VAL PACKS > household value packs
MISC REPAIR > repair supplies
MISC SALES TRANS > miscellaneous sale
MISC. COOKNG/BKNGWARES > cooking and baking ware
MISCELLANEOUS H & B AIDS > health and beauty aids
MISCELLANEOUS NON FOOD PRODUCE > decorative produce
MISSION TABLES > mission-style tables
MMK DOWNLOAD > phone downloads
MOPS: SPONGE DECK DUST > sponge, deck or dust mop
MOTOR/TRANS/MISC OIL > motor or transmission oil
MULTIPACKS > multipack film
NATURAL FOODS CLEANERS > natural cleaners
NATURAL FOODS DISH > natural dish soap
NATURAL FOODS LAUNDRY > natural laundry care
NATURAL FOODS PAPER > natural paper goods
NATURAL FOODS SNACKS > natural pet snacks
NERF ITEMS > Nerf toys
ONE HOUR PROCESSING > one-hour photo processing
OTHER PRESCHOOL > preschool toys
OUTDOOR > outdoor decorations
OUTSIDE VENDORS GIFT CARDS > gift card
OVERNIGHT PROCESSING > overnight photo processing
PANTRY > pantry storage
PAPER TOWELS & HOLDERS > paper towels
PAPERBACK BEST SELLER > bestselling paperback
PARTY EVERYDAY > everyday party supplies
PARTY SEASONAL > seasonal party supplies
PEG TOYS > small toys
PERIPHERALS > computer peripherals
PERSONAL CD > personal CD players
PEYTON/GM EXPENSE ITEMS > store expense items
PILLOWS BED > bed pillows
PLACEMATS NAPKIN RINGS > placemats and napkin rings
PLASTIC/HEAVY PAPER PREM PLATE > premium plastic or heavy paper plates
PLAYBALLS > play balls
PLSTC CTLRYTBLCLTHSTTHPKSST > plastic cutlery, table covers and straws
PLSTC WASTE BSKTS/DRNRS/STR > plastic wastebaskets, drainers or storage
POTPOURRI INCENSE > potpourri or incense
PROMO > promotional home goods
PROMO/ENDCAP > promotional tableware
PROMOTIONAL > promotional stationery
PURSE BOOKS-MAGAZINE > purse-size booklet
R/C VEHICLES > remote control vehicles
REPTILE NEEDS > reptile supplies
RESIN > resin furniture
RODENTICIDES > rodent control
SCIENTIFIC CALC > scientific calculator
SCOOP LITTER > scoopable cat litter
SCOURING PADS & CLOTH > scouring pads and cloths
SEASONAL BARBIE > seasonal Barbie toys
SEASONAL PRESHCOOL > seasonal preschool toys
SEASONAL/NON-BASIC MERCH > seasonal stationery
SEMI MOIST CAT FOOD: BOX > semi-moist cat food
SHOE CARE: LACES/POLISH/CLOT > shoe laces and polish
SINGLE USE CAMERAS > single-use camera
SLEDS-WINTER TOYS > sleds and winter toys
SMALL ACCESS LADIES BELTS > women's belts
SMALL ACCESS UMBRELLAS > umbrellas
SMALL ANIMAL NEEDS > small animal supplies
SNSL/PROMO > seasonal or promotional media
SOIL & STAIN REMOVER > stain remover
SPECIAL EVERYDAY > special occasion cards and gifts
SPECIAL SEASONAL > seasonal cards and gifts
SPECIALTY LAUNDRY > specialty laundry detergent
SPECIALTY WILD BIRD/SUET > specialty wild bird food or suet
SPHE 9.99 > value DVDs
SPHE DVDS > studio DVDs
SPHE VHS > studio VHS tapes
SPONGES: BATH HOUSEHOLD > household sponges
SPORTS-PARTICIPATORY-MAGAZINE > active sports magazine
SPORTS-SPECTATOR-MAGAZINE > spectator sports magazine
SPRING/SUMMER MISC > spring and summer items
SPRING/SUMMER SEASONAL > spring and summer items
SUNTAN > suntan lotion
SURFACE PREP > surface prep supplies
SWIN/TOYS > swim toys
TABLECLOTHS TOPPERS > tablecloths and toppers
TABLETOP > tabletop decor
TABLOIDS-MAGAZINE > tabloid magazine
TAPE & MAILING PRODUCTS > tape and mailing supplies
THERMOS > thermos bottles
TMOBILE > T-Mobile prepaid phone service
TOAST/GRIDDLES > toasters and griddles
TOILET BOWL AUTOMATIC > automatic toilet bowl cleaner
TOILET BOWL MANUAL > toilet bowl cleaner
TOOLS - BATHROOM & TOILET > bathroom and toilet cleaning tools
TOOLS - FLOOR & FURNITURE > floor and furniture cleaning tools
TOYTRONICS > electronic toys
TRAVEL AIDS > motion sickness relief
TRICYCLES/WAGONS/ETC > tricycles and wagons
TV/MOVIE-MAGAZINE > TV and movie magazine
UNBREAKABLE TABLETOP > unbreakable tableware
UTILITY > utility home goods
VAC BAGS/ACC > vacuum bags and accessories
VALENTINE MISC > Valentine's Day items
VALENTINE TRAY PACK CARDS > Valentine's Day card packs
VHS VIDEO > VHS tapes
VODKAS(42 UNDER PROOF) > vodka
WALL HANGINGS FRAMED PICTUR > wall hangings and framed pictures
WATER-SUPPLIES > water supplies
WAX PAPER & FREEZER PAPER > wax or freezer paper
WEATHERIZATION > weatherproofing supplies
WICKER > wicker storage
WINDSHIELD > windshield care
WIRE > wire organizers
WOMEN LEATHER&SUADE COATS > women's leather and suede coats
WOMEN S GENERAL-MAGAZINE > women's magazine
WRAP > gift wrap
WRITING INSTRUMENTS > pens and pencils
YELLOW JACKET > yellow jacket killer
""")
