"""Types of health, beauty, baby goods and clothing that no rule reads well: key, `` > ``, phrase."""

from typing import Final

from training.complete_journey.words import phrase_table

PERSONAL_PHRASES: Final = phrase_table("""
4-20 BOYS TEAM SPORT > boys' team sport clothing
ADULT ANALGESICS > adult pain reliever
ADULT INCONTINENCE MISC PRODUC > adult incontinence care
ADULT INCONTINENCE UNDERGARMEN > adult incontinence underwear
ALMAY > Almay makeup
ANTI-ACIDS > antacid
ANTIPERSPIRANTS ONLY (AEROSOL) > aerosol antiperspirant
BABY ANTIBIOTIC OINTMENTS & CR > baby antibiotic ointment
BABY BASIC INF-TODD BEDDING > infant and toddler bedding
BABY BASIC INFANT ACC TOYS > basic infant toys
BABY SOFT GOODS CLOTH DIAPR > cloth diapers and baby soft goods
BANDAGE/TAPE > bandages and tape
BATH > bath products
BATH BUBBLES-BATH SOAPS-ADDITI > bubble bath and bath soap
BEDDINGS BLANKETS > baby bedding and blankets
BODY FANTASY > Body Fantasies fragrance
BONNE BELL > Bonne Bell makeup
CALGON > Calgon bath products
CAPSULE/TABLET NUTRITION PRODU > nutrition capsules or tablets
CLEANSING WIPES > moist bathroom wipes
COLD AND FLU (AGE RESTRICTED) > adult cold and flu relief
COLD AND FLU - DXM > cough, cold and flu relief
COLD AND FLU - PSE > decongestant cold and flu relief
COLD AND FLU > cold and flu relief
COLOR SETS > cosmetic color sets
CONTINUITY: DOMESTICS > collectible home goods
CONVALESCENT CARE - CANES > walking canes
COTTON COTTON SWABS > cotton balls and swabs
COTY FRAGRANCES > Coty fragrance
COUGH SYRP/LOZNG-DRP/XPCTRNT > cough syrup, drops or lozenges
COVERGIRL > CoverGirl makeup
CURFEW JEWELRY > fashion jewelry
DANDRUFF-MEDICATED SHAMPOOS > dandruff shampoo
DENTAL FLOSS AND IMPLEMENTS > dental floss and picks
DIET CONTROL TABLETS/CAPSULE > diet tablets or capsules
DIET/NUTRITION VITAMIN (ADULT > adult nutrition vitamins
DIPILATORIES > hair remover
EARTH THERAPEUTICS > Earth Therapeutics bath products
ELSTC BNDGES SUPRT HOSE > elastic bandages and support hose
EYE CENTER > eye makeup
FACIAL SOAPS-SCRUBS-MASKS > facial soap, scrub or mask
FEEDING ACCESSORIES BOTTLES > baby bottles and feeding accessories
FEM HYGN DOUCHES > feminine douche
FEM YEAST TREATMENTS > yeast infection treatment
FEM. HYGN. DEODORANTS > feminine deodorant
FEM. HYGN. TAMPONS > tampons
FEM. HYGN.NAPKINS > feminine pads
FEMALE CONTRACEPTIVES > female contraceptive
FIRSTAID TAPES/COTTON/GLOVES > first aid tape, cotton or gloves
FITNESS & DIET - SUPPLEMENTS > fitness supplements
FITNESS&DIET - BARS > fitness bars
FITNESS&DIET-CAPSULES&TABLETS > diet capsules or tablets
FITNESS&DIET-LIQ (SUPPLEMENT) > liquid diet supplement
FITNESS&DIET-LIQ NTRTNL > liquid nutrition drink
FITNESS&DIET-POWDER NTRTNL > nutrition powder
FM-MLB > baseball fan merchandise
FM-NFL > football fan merchandise
FOOT CARE - MEDICATED CORN/CAL > medicated corn and callus care
FOOT CARE - SHOE INSOLE/PADS > shoe insoles or pads
FOOT SPRAYS POWDERS > foot spray or powder
GENERAL EYE CARE > eye care
GOLF > golf clothing
GRASS/SHRED > decorative grass or shred
GROOMING COMBS THERMOMETER > baby grooming kits and thermometers
HAIR BARRETTES TAILERS > hair barrettes and ponytail holders
HAIR COLOR AND DEVELOPERS > hair color
HAIR CONDITIONERS AND RINSES > hair conditioner
HAIR DRYERS STYLERS SETTER > hair dryers and stylers
HAIR SETS AND GELS > hair styling gel
HAND/BODY/FACIAL (MEDICATED) > medicated skin care
HAPPY > Happy bath products
HEALING GARDEN > Healing Garden bath products
HEMORRHOIDAL > hemorrhoid treatment
HOT/COLD COMPRESS PACKS > hot or cold compresses
HYDROCORTIZONE > hydrocortisone cream
IMPLEMENTS SETS > beauty tools and sets
INFANTS DRESSES RTW > infant dresses
INFANTS-TODD HOSIERY > infant and toddler socks
JEWELRY/COSTUME FAF > costume jewelry
JEWELRY/COSTUME HOLIDAY > holiday costume jewelry
JEWELRY/COSTUME NECK/BRAC ANK > costume necklaces and bracelets
JHOOK - BABY > clip strip baby items
JHOOK - HOUSEHOLD > clip strip household items
JHOOK - HOUSEWARE > clip strip housewares
JHOOK - MISC > clip strip items
JHOOK - PERSONAL CARE > clip strip personal care
JHOOK - TOYS > clip strip toys
KIDS > kids' care accessories
LEGGS > L'eggs hosiery
LEVI 550 > Levi 550 jeans
LINAMENTS > muscle rub
LIPCARE > lip balm
LIPCARE MEDICATED > medicated lip balm
MAX FACTOR > Max Factor makeup
MAYBELLINE > Maybelline makeup
MEDICAL TESTING KITS-OTC DRG/G > medical test kits
MENS ACTIVEWEAR ADIDAS > men's Adidas activewear
MENS HAIR SPRAYS/TONICS/CREAMS > men's hair spray, tonic or cream
MENS JACKETS NATURAL FIBER > men's natural fiber jackets
MENS KNIT WEAR > men's knitwear
MENS SS SPT SHIRT > men's short-sleeve sport shirt
MENSTRUAL ANALGESICS > menstrual pain reliever
MISC FEMININE HYGIENE MEDICATE > medicated feminine care
MISC ORAL HYGN MEDICATED (DESE > medicated oral care
MISC. FEMININE HYGIENE > feminine care
MISC. ORAL HYGN. > oral care
MISC. OTC MEDICINES > over-the-counter medicine
MISSY TRAD KNIT TOPS > women's traditional knit tops
MOSQUITO > mosquito repellent
MOUTH SORE > mouth sore relief
MOUTH SORE MEDICATED > medicated mouth sore relief
MOUTHWASH RINSES AND SPRAYS > mouthwash and oral rinse
N-PRESC HEARING AID BATTERIES > hearing aid batteries
N/A DEOD SPRAY/GEL DEOD > gel or spray deodorant
NEOTERIC > Neoteric bath products
NUT SUPP-C VITAMINS > vitamin C
NUT SUPP-CHILDREN > children's supplement
NUT SUPP-ESSENTIAL OILS (REFRI > refrigerated essential oils
NUT SUPP-ESSENTIAL OILS > essential oils
NUT SUPP-HERBAL SUPPLEMENTS > herbal supplement
NUT SUPP-HOMEOPATHY > homeopathic remedy
NUT SUPP-INDIVIDUAL > single vitamin
NUT SUPP-MISC > nutrition supplement
NUT SUPP-MULTIPLE COMBIN > multivitamin
NUT SUPP-NON HERBAL SUPPLEMENT > non-herbal supplement
ORAL HYGIENE BRUSHES > toothbrushes
PARFUMS DE COUER > Parfums de Coeur fragrance
PEDIATRIC ANALGESICS > children's pain reliever
PERSNL APPL: FT BTH/MASSGRS > foot baths or massagers
PERSONAL CARE PRODUCTS - MESSA > personal massagers
PHYSICANS FORMULA > Physicians Formula makeup
PILL CASES DOSAGE AIDS > pill cases and dosage aids
POWER TOOTHBRUSH/REFILLS > power toothbrush and refills
PREGNANCY TEST KITS > pregnancy test
PROPHYLACTICS > condoms
RBR SYRNGS HOT WTR BTLS > rubber syringes and hot water bottles
REVLON > Revlon makeup
RIGID GAS PERMEABLE > rigid contact lens solution
RX MEDICATED OTC DRUGS > over-the-counter medicine
RX OTC BEAUTYASSESSPILL BX/H > beauty and pill accessories
SALLY HANSEN > Sally Hansen cosmetics
SCREEN PRINT TOPS GIRLS 7-16 > girls' printed tops
SHAVE CREAMS AND POWDERS > shaving cream
SHAVERS: MENS WOMENS > men's or women's shavers
SHEA > shea bath products
SINCLAIR AND VALENTINE > Sinclair & Valentine bath products
SINUS AND ALLERGY > sinus and allergy relief
SINUS/ALLERGY - DXM > sinus, allergy and cough relief
SINUS/ALLERGY - PSE > decongestant sinus and allergy relief
SINUS/ALLERGY(AGE RESTRICTED) > adult sinus and allergy relief
SMALL ACCESS COLD WEATHER > cold weather accessories
SMALL ACCESS LADIES GLOVES > women's gloves
SOAP- LIQ&BAR > liquid or bar soap
SOFT LENS - CHEMICAL > soft contact lens solution
SOFT LENS - NON CHEMICAL > gentle contact lens solution
SOLID/STK DEODORANTS > stick deodorant
SPLINTS/DOSAGE/ACCESSORIES > splints and dosage aids
STIMULANTS > alertness aid
SUNBURN AFTERSUN PRODUCTS > after-sun care
SUNLESS PRODUCTS > sunless tanner
SUNTAN PROD W/SPF LOTION/OIL > sunscreen lotion or oil
SUNTAN PRODUCTS W/O SPF > tanning lotion or oil
THERMAL ANALGESICS > heat therapy pain relief
THERMOMETERS PROBE COVERS > thermometers and probe covers
TRUESCENTS/BAIN DELUXE > TrueScents bath products
UPDATED WOVENS > updated woven tops
VITAMIN - ADULT ONLY SUPPLEMEN > adult supplement
VITAMIN - CHILDREN > children's vitamins
VITAMIN - HERBAL SUPPLEMENTS > herbal supplement
VITAMIN - INDIVIDUAL > single vitamin
VITAMIN - MINERALS > mineral supplement
VITAMIN - MULTIPLE COMBIN > multivitamin
VITAMIN - NON HERBAL SUPPLEMEN > non-herbal supplement
VITAMIN MISC > vitamins
WET N WILD > Wet n Wild makeup
YARDLEY > Yardley bath products
YNG MEN SCREEN PRINT T-SHIRTS > young men's printed T-shirts
""")
