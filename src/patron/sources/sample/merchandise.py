"""What the sample shop sells and how it advertises: the words and figures that the generator draws from.

Brands are invented. Prices are list prices of a plain article in whole units of the shop's currency.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Department:
    """One product category.

    `articles` maps an article to its usual price. `units` is how many more than one are bought at a time
    on average, `returned` the share of lines brought back. `demand` is its share of customers' interest,
    and `season` how interest in January to December compares with its best month (1).
    """

    category: str
    demand: float
    units: float
    returned: float
    season: tuple[float, ...]
    brands: tuple[str, ...]
    styles: tuple[str, ...]
    articles: dict[str, float]


STEADY = (0.85, 0.85, 0.88, 0.9, 0.9, 0.88, 0.86, 0.86, 0.9, 0.93, 0.98, 1.0)
GIFTS = (0.5, 0.5, 0.5, 0.52, 0.5, 0.5, 0.5, 0.52, 0.55, 0.65, 1.0, 0.95)
SUMMER = (0.25, 0.35, 0.65, 0.95, 1.0, 0.95, 0.8, 0.65, 0.5, 0.35, 0.25, 0.3)
OUTDOORS = (0.7, 0.6, 0.7, 0.85, 0.95, 1.0, 0.95, 0.85, 0.75, 0.65, 0.7, 0.9)
WARDROBE = (0.7, 0.65, 0.85, 0.95, 0.9, 0.8, 0.75, 0.85, 1.0, 0.95, 0.95, 0.9)

DEPARTMENTS: tuple[Department, ...] = (
    Department(
        "Groceries", 0.17, 1.1, 0.004, STEADY,
        ("Alder Farm", "Bramwick", "Casa Lumina", "Old Quay", "Sunmeadow", "Plain & Good"),
        ("Organic", "Classic", "Family", "Roasted", "Wild", "Dark", "Golden", "Mild"),
        {"Coffee Beans": 13, "Green Tea": 7, "Olive Oil": 14, "Granola": 6.5, "Honey": 9, "Chocolate Bar": 4,
         "Pasta": 3.5, "Almonds": 9, "Tomato Sauce": 4, "Crackers": 4.5, "Sparkling Juice": 5, "Rice": 6},
    ),
    Department(
        "Home & Kitchen", 0.15, 0.25, 0.035, STEADY,
        ("Halvorsen", "Kiln & Oak", "Bramwick", "Domora", "Pottersgate", "Plain & Good", "Lumenhaus"),
        ("Classic", "Everyday", "Large", "Compact", "Heritage", "Studio", "Stackable", "Nordic"),
        {"Frying Pan": 42, "Knife Set": 79, "Kettle": 49, "Bath Towel": 24, "Duvet Cover": 69, "Mug": 12,
         "Stand Mixer": 259, "Dinner Plates": 46, "Storage Jars": 27, "Vacuum Cleaner": 229, "Table Lamp": 54,
         "Blender": 89},
    ),
    Department(
        "Clothing", 0.16, 0.3, 0.12, WARDROBE,
        ("Wrenfield", "Marlowe Row", "Northfold", "Tindra", "Cobalt Yard", "Plain & Good", "Ardenne"),
        ("Slim", "Relaxed", "Linen", "Organic Cotton", "Striped", "Merino", "Everyday", "Vintage"),
        {"T-Shirt": 22, "Shirt": 45, "Jeans": 69, "Jumper": 65, "Dress": 79, "Winter Coat": 189, "Chinos": 55,
         "Skirt": 48, "Rain Jacket": 119, "Pyjamas": 42, "Socks": 11, "Blazer": 139},
    ),
    Department(
        "Shoes", 0.06, 0.08, 0.13, WARDROBE,
        ("Stridewell", "Marlowe Row", "Northfold", "Fjordgang", "Calder & Finch", "Plain & Good"),
        ("Leather", "Suede", "Canvas", "Waterproof", "Light", "Classic", "Kids'", "City"),
        {"Sneakers": 85, "Boots": 139, "Sandals": 55, "Loafers": 95, "Running Shoes": 119, "Slippers": 35,
         "Ankle Boots": 125, "Hiking Shoes": 145},
    ),
    Department(
        "Beauty", 0.11, 0.45, 0.02, STEADY,
        ("Vireo", "Oriane", "Salt & Sage", "Belmira", "Lichen Lab", "Plain & Good"),
        ("Gentle", "Rich", "Daily", "Sensitive", "Night", "Rose", "Mineral", "Citrus"),
        {"Face Cream": 32, "Shampoo": 12, "Eau de Parfum": 84, "Lipstick": 21, "Serum": 44, "Body Lotion": 16,
         "Mascara": 19, "Sun Milk": 18, "Hand Soap": 8, "Gift Set": 49},
    ),
    Department(
        "Electronics", 0.085, 0.03, 0.06, GIFTS,
        ("Voltara", "Nexiom", "Auralis", "Pixelforge", "Kestrel", "Lumenhaus"),
        ("Pro", "Mini", "Air", "Plus", "Lite", "Max", "Go", "One"),
        {"Headphones": 149, "Laptop": 999, "Tablet": 429, "Smartphone": 699, "Television": 749,
         "Speaker": 129, "Smartwatch": 249, "Camera": 589, "Monitor": 289, "Keyboard": 79, "Charger": 29,
         "E-Reader": 139},
    ),
    Department(
        "Furniture", 0.03, 0.12, 0.05, STEADY,
        ("Halvorsen", "Kiln & Oak", "Ostra", "Domora", "Fernsby", "Plain & Good"),
        ("Oak", "Walnut", "Round", "Compact", "Upholstered", "Extendable", "White", "Heritage"),
        {"Sofa": 1149, "Dining Table": 629, "Armchair": 449, "Bookcase": 249, "Bed Frame": 559, "Desk": 299,
         "Office Chair": 239, "Sideboard": 489, "Side Table": 119, "Wardrobe": 689},
    ),
    Department(
        "Sports & Outdoors", 0.07, 0.12, 0.06, OUTDOORS,
        ("Stridewell", "Northfold", "Fjordgang", "Summit Lane", "Kinetra", "Plain & Good"),
        ("Light", "Trail", "Pro", "Compact", "Thermal", "Junior", "All-Weather", "Active"),
        {"Yoga Mat": 39, "Backpack": 89, "Tent": 249, "Bicycle": 749, "Dumbbells": 59, "Sleeping Bag": 119,
         "Water Bottle": 22, "Fitness Tracker": 99, "Football": 29, "Ski Jacket": 279, "Tennis Racket": 119},
    ),
    Department(
        "Toys & Games", 0.065, 0.2, 0.03, GIFTS,
        ("Pip & Bloom", "Woodwink", "Tumbleton", "Starling Games", "Mimo"),
        ("My First", "Giant", "Mini", "Deluxe", "Wooden", "Travel", "Family", "Musical"),
        {"Building Blocks": 45, "Board Game": 35, "Puzzle": 18, "Doll": 29, "Train Set": 69, "Soft Bear": 24,
         "Craft Kit": 22, "Card Game": 13, "Play Kitchen": 119, "Racing Car": 27},
    ),
    Department(
        "Garden", 0.045, 0.3, 0.03, SUMMER,
        ("Alder Farm", "Greenholt", "Ostra", "Fernsby", "Plain & Good"),
        ("Compact", "Classic", "Terracotta", "Cordless", "Folding", "Large", "Solar", "Teak"),
        {"Planter": 29, "Lawn Mower": 349, "Garden Chair": 79, "Barbecue": 279, "Secateurs": 27, "Hose": 45,
         "Parasol": 129, "Garden Table": 259, "Lantern": 24, "Seed Box": 14},
    ),
    Department(
        "Books", 0.05, 0.25, 0.015, GIFTS,
        ("Harrow Press", "Larkspur Books", "Third Lantern", "Pip & Bloom", "Meridian House"),
        ("Illustrated", "Pocket", "Complete", "Modern", "Little", "Essential", "Annual", "Classic"),
        {"Cookbook": 29, "Crime Novel": 14, "Travel Guide": 19, "Atlas": 45, "Biography": 23,
         "Picture Book": 15, "Garden Guide": 25, "History of Design": 39, "Short Stories": 16},
    ),
    Department(
        "Pet Supplies", 0.02, 0.7, 0.012, STEADY,
        ("Barkley & Mew", "Pawsonby", "Alder Farm", "Tumbleton"),
        ("Grain-Free", "Junior", "Large", "Soft", "Senior", "Natural", "Travel", "Classic"),
        {"Dog Food": 38, "Cat Food": 26, "Dog Bed": 65, "Cat Tree": 89, "Lead": 19, "Chew Toy": 11,
         "Cat Litter": 15, "Treats": 7},
    ),
)  # fmt: skip

# What a brand's name adds to an article's usual price; a brand that is not here is in the middle.
BRAND_LEVELS: dict[str, float] = {
    "Plain & Good": 0.68, "Bramwick": 0.85, "Domora": 0.8, "Tumbleton": 0.85, "Mimo": 0.8, "Kestrel": 0.72,
    "Cobalt Yard": 0.8, "Pawsonby": 0.85, "Kinetra": 0.85, "Salt & Sage": 0.85, "Casa Lumina": 1.35,
    "Halvorsen": 1.7, "Ardenne": 1.9, "Calder & Finch": 1.6, "Oriane": 1.8, "Voltara": 1.45, "Auralis": 1.5,
    "Ostra": 1.5, "Fjordgang": 1.5, "Summit Lane": 1.35, "Woodwink": 1.4, "Greenholt": 1.3,
    "Meridian House": 1.3, "Lichen Lab": 1.45,
}  # fmt: skip


@dataclass(frozen=True)
class Promotion:
    """A campaign that comes back every year, on one or more channels at once.

    It starts on `month`/`day` and runs `days` days; while it runs, demand is up by the share `lift`.
    `audience` is one of `AUDIENCES` or a product category, then meant for those who like it.
    """

    name: str
    month: int
    day: int
    days: int
    channels: tuple[str, ...]
    lift: float
    audience: str = "All customers"


AUDIENCES = ("All customers", "New customers", "Loyal customers", "Lapsed customers")

# The most important first: a small shop runs only the first few of them, and on fewer channels.
PROMOTIONS: tuple[Promotion, ...] = (
    Promotion("Black Friday", 11, 23, 4, ("email", "social media", "TV", "sms"), 1.1),
    Promotion("Summer Sale", 6, 24, 14, ("email", "social media", "direct mail"), 0.35),
    Promotion("Holiday Gifts", 12, 3, 18, ("email", "TV", "social media"), 0.25),
    Promotion("Back to School", 8, 18, 14, ("email", "social media"), 0.22),
    Promotion("Spring Refresh", 3, 14, 12, ("email", "direct mail", "social media"), 0.2),
    Promotion("We Miss You", 2, 20, 10, ("email", "direct mail"), 0.03, "Lapsed customers"),
    Promotion("New Year Sale", 1, 2, 13, ("email", "social media", "TV"), 0.3),
    Promotion("Member Days", 9, 24, 5, ("email", "sms", "push"), 0.3, "Loyal customers"),
    Promotion("Welcome Offer", 4, 22, 14, ("email", "push"), 0.03, "New customers"),
    Promotion("Garden Weeks", 5, 2, 12, ("email", "social media"), 0.05, "Garden"),
    Promotion("Toy Festival", 11, 8, 10, ("email", "TV"), 0.06, "Toys & Games"),
    Promotion("Valentine's Gifts", 2, 6, 8, ("email", "social media"), 0.12),
    Promotion("Autumn Wardrobe", 10, 6, 12, ("email", "social media", "push"), 0.08, "Clothing"),
    Promotion("Come Back Bonus", 7, 18, 10, ("email", "sms"), 0.03, "Lapsed customers"),
    Promotion("Home Days", 10, 21, 9, ("email", "direct mail"), 0.07, "Home & Kitchen"),
    Promotion("Tech Week", 4, 6, 7, ("email", "social media", "push"), 0.07, "Electronics"),
)
