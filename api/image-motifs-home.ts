import {
  circle,
  ellipse,
  gleam,
  ink,
  type Motif,
  paper,
  path,
  rect,
  stroke,
  wood,
  woodDark,
} from "./image-shapes.ts";

/** Motifs that stand in a house. */
export const homeMotifs: readonly Motif[] = [
  {
    name: "bottle",
    words: "bottle flask oil shampoo conditioner cleanser lotion toner wash feed spray mist",
    draw: ({ main, dark, light, accent }) =>
      rect(266, 118, 68, 48, 10, accent) +
      path("M276 160h48v52q54 24 54 84v160q0 24-24 24h-108q-24 0-24-24v-160q0-60 54-84z", main) +
      path("M340 226q38 24 38 70v160q0 24-24 24h-30q16-4 16-30z", dark) +
      rect(222, 316, 156, 104, 0, light) +
      rect(250, 344, 100, 12, 6, accent) +
      rect(250, 372, 64, 12, 6, main) +
      gleam("M240 300q0-36 26-56v56z"),
  },
  {
    name: "lamp",
    words: "lamp light lantern torch spotlight pendant shade lamps headlamp chandelier",
    draw: ({ main, dark, light, accent }) =>
      path("M180 290L480 480H120z", "#fff6c9") +
      ellipse(300, 470, 84, 14, dark) +
      rect(290, 270, 20, 196, 6, accent) +
      path("M244 120h112l72 172q-128 28-256 0z", main) +
      path("M318 120h38l72 172q-40 9-84 13z", dark) +
      ellipse(300, 120, 56, 9, light) +
      stroke("M372 304v48", accent, 4) +
      circle(372, 358, 8, accent),
  },
  {
    name: "mug",
    words: "mug cup teapot cups mugs tumbler kettle cafetiere coffee tea teacup jug carafe glass glasses",
    draw: ({ main, dark, light, accent }) =>
      stroke("M238 196q-18-26 0-50t0-46M300 196q-18-26 0-50t0-46M362 196q-18-26 0-50t0-46", light, 9) +
      stroke("M392 290h32q44 0 44 46t-44 46h-34", dark, 26) +
      path("M196 236h208v168q0 76-76 76h-56q-76 0-76-76z", main) +
      path("M360 236h44v168q0 76-76 76h-22q54-8 54-76z", dark) +
      rect(196, 306, 208, 34, 0, accent) +
      ellipse(300, 236, 104, 16, light),
  },
  {
    name: "chair",
    words: "chair stool bench armchair recliner chairs seat deckchair highchair",
    draw: ({ main, dark, light }) =>
      stroke("M218 340l-24 134M382 340l24 134", wood, 16) +
      stroke("M250 350l-8 112M350 350l8 112", woodDark, 14) +
      path("M206 130q0-24 24-24h140q24 0 24 24l-16 170h-156z", main) +
      path("M352 106h18q24 0 24 24l-16 170h-36z", dark) +
      rect(186, 296, 228, 56, 24, light) +
      rect(186, 326, 228, 26, 13, main),
  },
  {
    name: "sofa",
    words: "sofa bed daybed sofabed mattress ottoman futon couch topper headboard loveseat",
    draw: ({ main, dark, light, accent }) =>
      rect(128, 440, 18, 40, 6, woodDark) +
      rect(454, 440, 18, 40, 6, woodDark) +
      rect(132, 216, 336, 200, 40, main) +
      rect(292, 228, 16, 140, 8, dark) +
      rect(140, 344, 160, 60, 18, light) +
      rect(300, 344, 160, 60, 18, light) +
      rect(128, 396, 344, 54, 14, dark) +
      rect(92, 300, 72, 150, 32, main) +
      rect(436, 300, 72, 150, 32, main) +
      path("M196 276l66-18 20 68-66 18z", accent),
  },
  {
    name: "table",
    words:
      "table desk sideboard shelf bookcase cabinet nightstand console dresser drawers wardrobe bookshelf rack",
    draw: ({ main, dark, light, accent }) =>
      stroke("M156 300l-18 176M444 300l18 176", wood, 18) +
      rect(108, 262, 384, 34, 12, main) +
      rect(160, 296, 280, 62, 8, dark) +
      rect(176, 308, 118, 38, 6, light) +
      rect(306, 308, 118, 38, 6, light) +
      circle(235, 327, 6, dark) +
      circle(365, 327, 6, dark) +
      path("M204 262l-10-54h56l-10 54z", accent) +
      stroke("M222 208q-4-40-34-52M222 208q2-50 30-66M222 208v-72", "#6f9a6b", 9) +
      rect(330, 244, 96, 18, 4, paper) +
      rect(338, 226, 80, 18, 4, accent),
  },
  {
    name: "cushion",
    words:
      "cushion pillow throw blanket duvet rug towel curtain curtains bedspread sheet doormat quilt mat towels",
    draw: ({ main, dark, light, accent }) =>
      path("M148 158q152 40 304 0q-36 150 0 304q-152-38-304 0q36-154 0-304z", main) +
      path("M452 158q-36 150 0 304q-76-20-152-20q110-90 152-284z", dark) +
      stroke("M196 216q104 22 208 0M190 310h220M196 404q104-22 208 0", light, 12) +
      stroke("M192 262q108 16 216 0M192 358q108-16 216 0", accent, 7) +
      circle(148, 158, 12, accent) +
      circle(452, 158, 12, accent) +
      circle(148, 462, 12, accent) +
      circle(452, 462, 12, accent),
  },
  {
    name: "plant",
    words: "plant planter pot seeds bulbs fern succulent herb tree rose lavender bonsai palm seedlings vase",
    draw: ({ main, dark, light, accent }) =>
      stroke("M300 350V180", "#5d8a5a", 10) +
      path("M300 330q-112-6-128-116q110 2 128 116z", "#79a874") +
      path("M300 306q8-116 128-136q4 116-128 136z", "#5f9462") +
      path("M300 230q-64-50-34-134q66 48 34 134z", "#8dba83") +
      path("M300 356q-70 20-112-34q64-34 112 34z", "#5f9462") +
      path("M204 340h192l-24 140h-144z", main) +
      path("M344 340h52l-24 140h-50z", dark) +
      rect(192, 326, 216, 38, 10, light) +
      rect(214, 404, 172, 14, 0, accent),
  },
  {
    name: "pan",
    words:
      "pan saucepan casserole wok skillet dish roaster stockpot cookware grill barbecue steamer tin tray",
    draw: ({ main, dark, light, accent }) =>
      rect(96, 300, 92, 30, 15, dark) +
      rect(412, 300, 92, 30, 15, dark) +
      path("M156 270h288v140q0 70-70 70h-148q-70 0-70-70z", main) +
      path("M388 270h56v140q0 70-70 70h-40q54-10 54-70z", dark) +
      path("M160 256q20-84 140-84t140 84z", light) +
      rect(144, 250, 312, 28, 14, dark) +
      rect(274, 138, 52, 40, 14, accent) +
      gleam("M186 300h30v120q-30-10-30-40z"),
  },
  {
    name: "knife",
    words:
      "knife knives cutlery spoon fork spatula peeler whisk ladle scissors trowel secateurs spade rake hoe",
    draw: ({ main, dark, light, accent }) =>
      stroke("M190 300v168", main, 30) +
      stroke("M152 130v80q0 40 38 50q38-10 38-50v-80M190 130v170", "#aab2bd", 16) +
      stroke("M300 330v138", main, 30) +
      path("M286 326V160q0-50 44-50v216z", "#c4cad3") +
      path("M310 326V120q10-10 20-10v216z", "#aab2bd") +
      stroke("M410 300v168", main, 30) +
      ellipse(410, 190, 44, 74, "#c4cad3") +
      ellipse(410, 184, 28, 52, "#dde1e7") +
      rect(402, 250, 16, 60, 6, "#aab2bd") +
      circle(190, 440, 7, light) +
      circle(300, 440, 7, light) +
      circle(410, 440, 7, light) +
      stroke("M176 340h28M286 356h28M396 340h28", accent, 8) +
      stroke("M176 356h28M286 372h28M396 356h28", dark, 5),
  },
  {
    name: "jar",
    words:
      "jar cream balm candle serum moisturiser scrub mask butter canister diffuser salt spread jam sunscreen",
    draw: ({ main, dark, light, accent }) =>
      rect(176, 190, 248, 76, 20, accent) +
      stroke("M210 206v44M246 206v44M282 206v44M318 206v44M354 206v44M390 206v44", light, 5) +
      path("M188 266h224q28 20 28 58v112q0 44-44 44h-192q-44 0-44-44v-112q0-38 28-58z", main) +
      path("M388 266h24q28 20 28 58v112q0 44-44 44h-32q24-8 24-44z", dark) +
      rect(160, 334, 280, 92, 0, paper) +
      circle(300, 380, 28, light) +
      path("M300 356q28 24 0 48q-28-24 0-48z", main),
  },
  {
    name: "box",
    words: "box basket storage hamper chest crate bin pack kit organiser cards drive battery",
    draw: ({ main, dark, light, accent }) =>
      path("M300 160l190 80-190 84-190-84z", light) +
      path("M110 240l190 84v156l-190-76z", main) +
      path("M490 240l-190 84v156l190-76z", dark) +
      path("M186 272l48 21 190-82-48-20z", accent) +
      path("M186 272l48 21v70l-24-18-24 0z", accent) +
      rect(326, 402, 64, 12, 0, light),
  },
  {
    name: "screen",
    words: "laptop monitor television tv projector screen keyboard mouse hub charger frame",
    draw: ({ main, dark, light, accent }) =>
      rect(140, 150, 320, 236, 20, ink) +
      rect(156, 166, 288, 204, 8, light) +
      path("M156 370v-62l72-70 66 62 58-48 92 92v18q0 8-8 8z", main) +
      path("M156 370v-22l96-40 84 40 48-22 60 28v8q0 8-8 8z", dark) +
      circle(384, 220, 26, accent) +
      path("M96 430h408l-24 38q-8 12-22 12h-316q-14 0-22-12z", "#c9ced6") +
      rect(252, 430, 96, 14, 7, "#a5acb8") +
      rect(140, 386, 320, 44, 0, ink),
  },
  {
    name: "speaker",
    words: "speaker soundbar radio turntable amplifier subwoofer heater fan purifier router dehumidifier",
    draw: ({ main, dark, light, accent }) =>
      rect(190, 110, 220, 370, 32, main) +
      path("M366 110h12q32 0 32 32v306q0 32-32 32h-12z", dark) +
      circle(290, 358, 80, dark) +
      circle(290, 358, 58, light) +
      circle(290, 358, 24, accent) +
      circle(290, 206, 50, dark) +
      circle(290, 206, 32, light) +
      circle(290, 206, 12, accent),
  },
  {
    name: "bowl",
    words: "bowl bowls salad",
    draw: ({ main, dark, light, accent }) =>
      stroke("M240 222q-18-24 0-48t0-44M300 222q-18-24 0-48t0-44M360 222q-18-24 0-48t0-44", light, 9) +
      rect(236, 448, 128, 32, 10, dark) +
      path("M116 280h368q0 180-148 180h-72q-148 0-148-180z", main) +
      path("M428 280h56q0 180-148 180h-36q128-14 128-180z", dark) +
      path("M119 318q3 24 9 44h344q6-20 9-44z", accent) +
      ellipse(300, 280, 184, 26, light),
  },
  {
    name: "phone",
    words: "phone tablet reader smartphone",
    draw: ({ main, dark, light, accent }) =>
      rect(196, 104, 208, 376, 34, ink) +
      rect(210, 120, 180, 344, 22, light) +
      rect(226, 176, 148, 92, 16, main) +
      rect(226, 284, 66, 66, 16, accent) +
      rect(308, 284, 66, 66, 16, dark) +
      rect(226, 368, 148, 16, 8, main) +
      rect(226, 398, 96, 16, 8, main) +
      circle(300, 140, 9, ink) +
      rect(268, 444, 64, 8, 4, ink),
  },
];
