import type { Department } from "./department.ts";

export const garden: Department = {
  slug: "garden",
  name: "Garden & Outdoors",
  brands: ["Thornbury", "Greenhallow", "Wildermere", "Potter & Spade", "Larkfield", "Sunmoor"],
  groups: [
    {
      name: "Plants",
      shelves: [
        ["Ferns", "Fern", 7, 45],
        ["Succulents", "Succulent", 4, 28],
        ["Roses", "Rose", 12, 48],
        ["Herbs", "Herb Seedlings", 3, 14],
        ["Olive trees", "Olive Tree", 25, 180],
      ],
      makes: ["Evergreen", "Hardy", "Dwarf", "Climbing", "Variegated", "Potted"],
      features: [
        "Grown in peat-free compost.",
        "Happy with a few hours of sun a day.",
        "Arrives in a box that keeps the soil in place.",
        "Replaced free of charge if it does not take within a season.",
      ],
      specs: {
        pot_cm: [9, 12, 17, 24],
        position: ["Full sun", "Part shade", "Indoors"],
        hardy: [true, false],
      },
    },
    {
      name: "Pots and planters",
      shelves: [
        ["Terracotta pots", "Terracotta Pot", 5, 60],
        ["Raised beds", "Raised Planter", 39, 220],
        ["Hanging pots", "Hanging Pot", 8, 40],
        ["Window boxes", "Window Planter", 12, 70],
        ["Indoor pots", "Indoor Pot", 6, 55],
      ],
      makes: ["Ribbed", "Glazed", "Fibreclay", "Corten", "Aged", "Woven"],
      features: [
        "Frost proof down to minus fifteen.",
        "Has a drainage hole and a matching saucer.",
        "Ages gracefully outdoors.",
        "Light enough to move when full.",
      ],
      specs: { diameter_cm: [14, 20, 28, 40], frost_proof: [true, false], saucer: [true, false] },
      variesBy: "colour",
    },
    {
      name: "Tools",
      shelves: [
        ["Secateurs", "Secateurs", 12, 75],
        ["Spades", "Spade", 18, 85],
        ["Trowels", "Hand Trowel", 7, 35],
        ["Rakes", "Rake", 14, 58],
        ["Loppers", "Lopping Scissors", 19, 95],
      ],
      makes: ["Carbon Steel", "Ash-handled", "Ratchet", "Stainless", "Long-reach", "Heritage"],
      features: [
        "The handle is shaped for both hands.",
        "Sharpens on any whetstone.",
        "Spare parts are kept for fifteen years.",
        "A leather strap hangs it on the shed wall.",
      ],
      specs: { length_cm: [20, 32, 70, 110], weight_g: [220, 480, 950], guarantee_years: [5, 10, 15] },
    },
    {
      name: "Outdoor furniture",
      shelves: [
        ["Garden benches", "Garden Bench", 99, 650],
        ["Bistro tables", "Bistro Table", 59, 320],
        ["Deckchairs", "Deckchair", 35, 140],
        ["Hammocks", "Hammock", 29, 160],
        ["Parasols", "Parasol", 39, 290],
      ],
      makes: ["Teak", "Acacia", "Folding", "Powder-coated", "Eucalyptus", "Rope"],
      features: [
        "Stays out all summer without a cover.",
        "From forests certified by the FSC.",
        "Folds away to the width of a hand.",
        "Stainless fittings, so no rust on the terrace.",
      ],
      specs: { folds: [true, false], load_kg: [110, 150, 220], fsc: [true] },
      variesBy: "colour",
    },
    {
      name: "Barbecue and fire",
      shelves: [
        ["Charcoal grills", "Charcoal Grill", 45, 420],
        ["Gas barbecues", "Gas Barbecue", 149, 990],
        ["Grill tools", "Grill Spatula", 9, 45],
        ["Fire bowls", "Fire Bowl", 49, 260],
        ["Garden torches", "Garden Torch", 8, 48],
      ],
      makes: ["Portable", "Enamelled", "Cast Iron", "Kettle", "Matt Steel", "Compact"],
      features: [
        "Ready to cook in fifteen minutes.",
        "The ash drawer empties in one go.",
        "Takes a whole chicken under the lid.",
        "Its coating withstands years of weather.",
      ],
      specs: { diameter_cm: [37, 47, 57], cover_included: [true, false] },
    },
    {
      name: "Wildlife and seeds",
      shelves: [
        ["Flower seeds", "Flower Seeds", 2, 8],
        ["Vegetable seeds", "Vegetable Seeds", 2, 7],
        ["Spring bulbs", "Spring Bulbs", 4, 22],
        ["Bird boxes", "Bird Nest Box", 11, 45],
        ["Plant feeds", "Plant Feed", 4, 19],
      ],
      makes: ["Meadow", "Heirloom", "Bee-friendly", "Organic", "Cottage", "Native"],
      features: [
        "Chosen with a botanist for British gardens.",
        "Brings bees and butterflies within weeks.",
        "Instructions for every month are on the back.",
        "Packed in paper that can go on the compost.",
      ],
      specs: { sow: ["March to May", "April to June", "September to November"], organic: [true, false] },
      variesBy: "pack",
    },
  ],
};
