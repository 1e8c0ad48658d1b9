"""Words for made-up values. Names of firms are public names."""

TITLES = ("Mr.", "Mrs.", "Ms.", "Miss", "Dr.", "Mr", "Mrs", "Ms", "Dr", "Prof.", "Sir", "Professor", "Lord", "Lady", "Mx", "mr.", "ms.")
JOBS = (
    "Managing Director", "Chief Financial Officer", "CEO", "CFO", "Compliance Officer", "Relationship Manager", "Associate", "Partner",
    "Senior Associate", "Paralegal", "General Counsel", "Company Secretary", "Head of Treasury", "Vice President", "Analyst", "Director",
    "Trustee", "Branch Manager", "Mortgage Adviser", "Underwriter", "Data Protection Officer", "MLRO", "Portfolio Manager", "Loan officer",
    "Software engineer", "Nurse", "Truck driver", "Primary school teacher", "Warehouse operative", "Leasing agent", "Machine operator",
    "Cashier", "Accountant", "Systems administrator", "Consultant", "Electrician", "Solicitor", "Barrister", "Bookkeeper", "Welder",
)  # fmt: skip
BANKS = (
    "Barclays", "HSBC", "Lloyds Bank", "NatWest", "JPMorgan Chase", "J.P. Morgan", "Goldman Sachs", "Morgan Stanley", "Wells Fargo",
    "Citibank", "Bank of America", "Deutsche Bank", "BNP Paribas", "Santander", "ING", "UBS", "Credit Suisse", "Julius Baer", "Charles Schwab",
    "Edward Jones", "Raymond James", "Monzo", "Revolut", "Starling Bank", "Metro Bank", "Standard Chartered", "Commerzbank", "Nordea",
    "Danske Bank", "Rabobank", "Northern Trust", "State Street", "Capital One", "Lazard", "Rothschild & Co", "Coutts", "Nationwide",
    "Société Générale", "Crédit Agricole", "UniCredit", "Royal Bank of Canada", "Macquarie", "Nomura", "Mizuho", "Jefferies", "Brown Brothers Harriman",
)  # fmt: skip
FIRMS = (
    "Ernst & Young", "Deloitte", "KPMG", "Clifford Chance", "Baker McKenzie", "Linklaters", "Allen & Overy", "Slaughter and May", "Tesla",
    "Johnson & Johnson", "Procter & Gamble", "Marks & Spencer", "John Lewis", "Walt Disney", "Estée Lauder", "Hewlett-Packard", "McKinsey",
    "Mercedes-Benz", "Rolls-Royce", "Ford", "Kellogg's", "Berkshire Hathaway", "Franklin Templeton", "T. Rowe Price", "Booz Allen Hamilton",
    "Apple", "Microsoft", "Amazon", "Netflix", "Philip Morris", "Ralph Lauren", "Abbott Laboratories", "Eli Lilly", "Baker Hughes", "Pfizer",
    "Boeing", "General Mills", "AES Corporation", "Best Buy", "American Express", "Visa", "Mastercard", "PayPal", "Moody's", "S&P Global",
    "Marsh McLennan", "Willis Towers Watson", "Skadden", "Latham & Watkins", "Freshfields", "Kirkland & Ellis", "White & Case", "Hogan Lovells",
    "BlackRock", "Vanguard", "Fidelity", "Prudential", "Aviva", "Allianz", "AXA", "Zurich", "Experian", "Equifax", "Companies House",
    "Financial Conduct Authority", "HM Revenue & Customs", "Securities and Exchange Commission", "Federal Reserve", "Bank of England",
)  # fmt: skip
FIRM_ENDS = (
    "Ltd", "Limited", "plc", "PLC", "Inc.", "Inc", "LLP", "LLC", "Group", "Partners", "Holdings", "& Co", "& Sons", "Capital", "GmbH", "AG",
    "S.A.", "Corporation", "Corp.", "Advisors", "Bank", "Solicitors", "Insurance", "Associates", "Ventures", "Trust", "& Partners", "B.V.",
)  # fmt: skip
FIRM_WORDS = (
    "north", "credit", "data", "health", "pocket", "clear", "open", "counter", "law", "river", "stone", "blue", "harbour", "trust", "fund",
    "market", "street", "meridian", "alpha", "summit", "green", "equity", "lending", "home", "path", "bridge", "signal", "cloud", "metric",
    "silver", "lake", "iron", "oak", "vista", "apex", "global", "first", "union", "prime", "nova", "quant", "ledger", "pay", "point", "star",
    "atlas", "beacon", "cedar", "delta", "ever", "fact", "golden", "hill", "insight", "key", "link", "micro", "next", "orbit", "pioneer",
    "quest", "red", "scale", "tru", "urban", "value", "wave", "xen", "yield", "zen", "bilt", "set", "dragon", "logic", "view", "works",
)  # fmt: skip
DEMONYMS = (
    "British", "Irish", "French", "German", "Polish", "Turkish", "Greek", "Cypriot", "Norwegian", "Swedish", "Danish", "Finnish", "Italian",
    "Spanish", "Portuguese", "Austrian", "Swiss", "Hungarian", "Romanian", "Bulgarian", "Serbian", "Croatian", "Slovak", "Czech", "Ukrainian",
    "Russian", "American", "Canadian", "Mexican", "Brazilian", "Argentinian", "Chilean", "Indian", "Pakistani", "Bangladeshi", "Chinese",
    "Japanese", "Korean", "Vietnamese", "Thai", "Indonesian", "Australian", "Nigerian", "Kenyan", "Ghanaian", "South African", "Egyptian",
    "Moroccan", "Israeli", "Iranian", "Iraqi", "Syrian", "Lebanese", "Jewish", "Muslim", "Catholic", "Christian", "Hindu", "Sikh", "Buddhist",
    "Protestant", "Roma", "Kurdish", "Scottish", "Welsh", "Basque", "Catalan", "Greenlander", "Icelander", "Icelandic", "Faroese",
    "Slovene", "Slovenian", "Bosnian", "Albanian", "Macedonian", "Estonian", "Latvian", "Lithuanian", "Belarusian", "Georgian", "Armenian",
    "Azeri", "Kazakh", "Uzbek", "Afghan", "Saudi", "Emirati", "Kuwaiti", "Qatari", "Omani", "Yemeni", "Jordanian", "Palestinian", "Tunisian",
    "Algerian", "Libyan", "Sudanese", "Ethiopian", "Somali", "Ugandan", "Tanzanian", "Zimbabwean", "Zambian", "Angolan", "Senegalese",
    "Cameroonian", "Congolese", "Rwandan", "Filipino", "Malaysian", "Singaporean", "Burmese", "Nepali", "Sri Lankan", "Maltese", "Belgian",
    "Dutch", "Luxembourgish", "Scandinavian", "European", "African", "Asian", "Latino", "Hispanic", "Cuban", "Jamaican", "Haitian", "Dominican",
    "Colombian", "Peruvian", "Venezuelan", "Bolivian", "Ecuadorian", "Uruguayan", "Paraguayan", "New Zealander", "Fijian", "Samoan", "saudis",
    "poles", "swedes", "greeks", "turks", "Brits", "Swedes", "Danes", "Finns", "Spaniards", "Belgians", "Russians", "Australians", "Poles",
    "Tunisians", "Uruguayans", "Democrat", "Republican", "Germans", "Italians", "Americans",
)  # fmt: skip
