const INKS = ["#ffffff", "#1c2128"] as const;

/** Return white or black ink, whichever is read better on a colour given as #rrggbb. */
export function inkOn(colour: string): string {
  const back = luminance(colour);
  const contrast = (ink: string) => {
    const [low, high] = [back, luminance(ink)].sort((one, other) => one - other);
    return ((high ?? 0) + 0.05) / ((low ?? 0) + 0.05);
  };
  return contrast(INKS[0]) >= contrast(INKS[1]) ? INKS[0] : INKS[1];
}

/** Return how bright a colour is, from 0 to 1, as WCAG reckons it. */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const part = parseInt(colour.slice(at, at + 2), 16) / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * (red ?? 0) + 0.7152 * (green ?? 0) + 0.0722 * (blue ?? 0);
}
