import { circle, gleam, ink, type Motif, paper, path, rect, stroke, wood } from "./image-shapes.ts";

/** Motifs that are worn, carried, played with and taken outdoors. */
export const awayMotifs: readonly Motif[] = [
  {
    name: "shirt",
    words: "shirt tee top jumper hoodie cardigan sweatshirt blouse polo jersey vest dress robe pyjamas",
    draw: ({ main, dark, light, accent }) =>
      path("M232 128l-104 56-36 104 76 30 22-44v206h220v-206l22 44 76-30-36-104-104-56q-68 54-136 0z", main) +
      path("M190 274v206h34v-260zM410 274v206h-34v-260z", dark) +
      path("M232 128q68 54 136 0l-16-8q-52 36-104 0z", light) +
      rect(316, 238, 48, 56, 6, accent),
  },
  {
    name: "jacket",
    words: "jacket coat parka gilet blazer raincoat fleece anorak waterproof",
    draw: ({ main, dark, light, accent }) =>
      path("M236 122l-96 52-32 272 66 8 24-170v196h204v-196l24 170 66-8-32-272-96-52q-64 40-128 0z", main) +
      path("M300 150l-64-28 34 92zM300 150l64-28-34 92z", light) +
      stroke("M300 170V478", dark, 6) +
      rect(222, 366, 54, 12, 6, dark) +
      rect(324, 366, 54, 12, 6, dark) +
      circle(300, 250, 7, accent) +
      circle(300, 320, 7, accent) +
      circle(300, 390, 7, accent),
  },
  {
    name: "trousers",
    words: "jeans chinos trousers shorts leggings joggers tights skirt tracksuit",
    draw: ({ main, dark, light, accent }) =>
      path("M208 124h184l28 356h-86l-34-236-34 236h-86z", main) +
      path("M300 244l34 236h22l-40-300zM208 124h184l3 36h-190z", dark) +
      stroke("M226 164q0 44-24 52M374 164q0 44 24 52", light, 5) +
      rect(288, 130, 24, 24, 6, accent),
  },
  {
    name: "book",
    words: "book notebook journal planner diary novel cookbook guide atlas sketchbook annual album",
    draw: ({ main, dark, light, accent }) =>
      path("M180 130q0-20 20-20h210v370h-210q-20 0-20-20z", dark) +
      rect(206, 438, 204, 32, 4, paper) +
      path("M196 110h224v318h-214q-20 0-26 22v-320q0-20 16-20z", main) +
      rect(212, 110, 14, 318, 0, dark) +
      circle(326, 230, 58, light) +
      path("M326 182l14 34 36 3-28 23 9 36-31-20-31 20 9-36-28-23 36-3z", accent) +
      rect(266, 326, 120, 14, 7, light) +
      rect(290, 356, 72, 12, 6, light),
  },
  {
    name: "shoe",
    words:
      "shoe shoes trainers boots sandals slippers loafers sneakers brogues boot wellingtons plimsolls socks",
    draw: ({ main, dark, light, accent }) =>
      path("M112 256q36 20 84-28l28-22 108 108q30 24 96 30q64 8 64 66v22h-380q-18-90 0-176z", main) +
      path("M112 256q36 20 84-28l14-11q-10 90-20 215h-78q-18-90 0-176z", dark) +
      path("M408 340q84 2 84 70v22h-112q-8-60 28-92z", light) +
      stroke("M236 262l42-22M262 288l42-22M288 314l42-22", paper, 10) +
      rect(104, 428, 396, 44, 20, paper) +
      rect(104, 452, 396, 20, 10, accent),
  },
  {
    name: "bag",
    words:
      "bag backpack tote rucksack handbag satchel suitcase holdall purse wallet duffel case clutch luggage",
    draw: ({ main, dark, light, accent }) =>
      stroke("M232 220v-40q0-68 68-68t68 68v40", dark, 20) +
      path("M168 214q0-22 22-22h220q22 0 22 22l22 234q0 32-30 32h-248q-30 0-30-32z", main) +
      path("M396 192h14q22 0 22 22l22 234q0 32-30 32h-40z", dark) +
      path("M172 214h256l-4 58q-124 64-248 0z", light) +
      rect(276, 280, 48, 56, 10, accent) +
      rect(290, 298, 20, 20, 6, paper) +
      rect(200, 392, 164, 12, 6, dark),
  },
  {
    name: "watch",
    words: "watch clock timer tracker smartwatch barometer alarm necklace bracelet ring earrings",
    draw: ({ main, dark, light, accent }) =>
      path("M240 96h120l16 120h-152zM224 384h152l-16 96h-120z", dark) +
      path("M262 96h24v120h-24zM262 384h24v96h-24z", main) +
      rect(416, 286, 28, 28, 8, dark) +
      circle(300, 300, 126, main) +
      circle(300, 300, 100, paper) +
      stroke("M300 218v12M300 370v12M218 300h12M370 300h12", ink, 8) +
      stroke("M300 300l-40-38", ink, 12) +
      stroke("M300 300l54-44", light, 8) +
      circle(300, 300, 12, accent),
  },
  {
    name: "headphones",
    words: "headphones earbuds headset microphone earphones",
    draw: ({ main, dark, light, accent }) =>
      stroke("M164 340v-44q0-140 136-140t136 140v44", main, 34) +
      stroke("M196 262q24-74 104-74", light, 8) +
      rect(128, 316, 84, 148, 40, dark) +
      rect(388, 316, 84, 148, 40, dark) +
      rect(180, 306, 44, 168, 22, accent) +
      rect(376, 306, 44, 168, 22, accent) +
      rect(140, 352, 14, 76, 7, main) +
      rect(446, 352, 14, 76, 7, main),
  },
  {
    name: "camera",
    words: "camera webcam lens binoculars drone camcorder doorbell telescope dashcam",
    draw: ({ main, dark, light, accent }) =>
      path("M232 196l22-46h92l22 46z", dark) +
      rect(112, 190, 376, 260, 34, main) +
      rect(112, 250, 376, 120, 0, dark) +
      circle(300, 320, 112, paper) +
      circle(300, 320, 92, ink) +
      circle(300, 320, 58, accent) +
      circle(278, 298, 18, "#fff") +
      rect(404, 212, 52, 24, 8, light) +
      rect(146, 172, 56, 20, 8, accent),
  },
  {
    name: "ball",
    words: "ball football basketball volleyball racket bat goal netball",
    draw: ({ main, dark, light, accent }) =>
      circle(300, 316, 164, main) +
      path("M300 152a164 164 0 0 1 0 328q84-60 84-164t-84-164z", dark) +
      stroke("M140 284q160-70 320 0M140 350q160 70 320 0", light, 10) +
      stroke("M300 154v324", light, 10) +
      path("M300 268l46 34-18 54h-56l-18-54z", accent) +
      gleam("M196 246q30-56 84-68q-40 40-52 84z"),
  },
  {
    name: "tent",
    words: "tent tarp awning gazebo hammock shelter greenhouse",
    draw: ({ main, dark, light, accent }) =>
      stroke("M300 132v-28", accent, 8) +
      path("M300 100l52 14-52 16z", accent) +
      path("M300 132L500 480H100z", main) +
      path("M300 132L500 480H372z", dark) +
      path("M300 220L384 480H216z", ink) +
      path("M300 220L216 480h46q34-120 38-260z", light) +
      stroke("M100 480l-32-26M500 480l32-26", wood, 8),
  },
  {
    name: "robot",
    words: "robot toy figure doll train car blocks truck puzzle playset bear game",
    draw: ({ main, dark, light, accent }) =>
      stroke("M300 152v-38", dark, 10) +
      circle(300, 106, 16, accent) +
      rect(212, 148, 176, 124, 30, main) +
      rect(236, 176, 128, 64, 28, paper) +
      circle(272, 208, 15, ink) +
      circle(328, 208, 15, ink) +
      stroke("M176 318v78M424 318v78", dark, 30) +
      rect(196, 284, 208, 136, 26, light) +
      circle(254, 340, 24, accent) +
      rect(300, 318, 76, 14, 7, dark) +
      rect(300, 346, 52, 14, 7, dark) +
      rect(222, 420, 60, 60, 14, dark) +
      rect(318, 420, 60, 60, 14, dark),
  },
  {
    name: "pencil",
    words:
      "pencil pencils pen pens crayons marker markers brush brushes paints eraser stapler mascara lipstick easel",
    draw: ({ main, dark, light, accent }) =>
      path("M196 310l-26-170 20-36 28 32 30 174z", accent) +
      path("M170 140l20-36 28 32z", paper) +
      path("M276 310v-176l24-46 24 46v176z", light) +
      path("M276 134l24-46 24 46z", wood) +
      path("M290 108l10-20 10 20z", ink) +
      path("M352 310l34-168 34-26 12 40-34 154z", "#e2b24f") +
      path("M386 142l34-26 12 40z", paper) +
      path("M176 296h248l-20 164q-2 20-22 20h-164q-20 0-22-20z", main) +
      path("M364 296h60l-20 164q-2 20-22 20h-34z", dark) +
      rect(184, 360, 230, 26, 0, light),
  },
  {
    name: "bike",
    words: "bike bicycle scooter trike wheel helmet lock pump tyre pedals saddle",
    draw: ({ main, dark, light, accent }) =>
      `<g fill="none" stroke="${ink}" stroke-width="14"><circle cx="176" cy="386" r="88"/><circle cx="424" cy="386" r="88"/></g>` +
      circle(176, 386, 14, light) +
      circle(424, 386, 14, light) +
      stroke("M176 386l70-140h140l-94 140zM292 386l-62-180M424 386l-52-208", main, 16) +
      stroke("M372 178h44q22 4 14 34", dark, 14) +
      rect(186, 188, 88, 22, 11, dark) +
      circle(292, 386, 26, accent),
  },
  {
    name: "umbrella",
    words: "umbrella parasol sunshade",
    draw: ({ main, dark, light, accent }) =>
      stroke("M300 128V432q0 40 34 40t34-36", wood, 14) +
      path(
        "M92 320q12-190 208-196q196 6 208 196q-34-36-69 0q-35-36-70 0q-34-36-69 0q-35-36-69 0q-35-36-70 0q-34-36-69 0z",
        main,
      ) +
      path("M231 320q4-120 69-196q65 76 69 196q-34-36-69 0q-35-36-69 0z", light) +
      path("M439 320q-18-150-139-196q196 6 208 196q-34-36-69 0z", dark) +
      stroke("M300 124v-24", accent, 12),
  },
  {
    name: "dumbbell",
    words: "dumbbell kettlebell weight barbell",
    draw: ({ main, dark, light, accent }) =>
      rect(96, 396, 408, 26, 13, "#aab2bd") +
      rect(132, 356, 36, 106, 14, dark) +
      rect(432, 356, 36, 106, 14, dark) +
      rect(164, 336, 52, 146, 18, main) +
      rect(384, 336, 52, 146, 18, main) +
      rect(216, 392, 20, 34, 6, accent) +
      rect(364, 392, 20, 34, 6, accent) +
      stroke("M262 258q-22-92 38-92t38 92", dark, 24) +
      circle(300, 306, 84, main) +
      path("M300 222a84 84 0 0 1 0 168q42-34 42-84t-42-84z", dark) +
      circle(288, 306, 34, light),
  },
];
