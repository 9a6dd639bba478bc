/** What is known of a model beforehand. */
export interface KnownModel {
  /** Length of its vectors where nobody asks for another. */
  readonly dimensions: number;
  /** Other lengths that can be asked for: a list, or every whole number of a range. @default none */
  readonly otherDimensions?: readonly number[] | { readonly min: number; readonly max: number } | undefined;
  /** What one text may hold. @default not known */
  readonly maxTokensPerText?: number | undefined;
  /** Texts of one request, where the model takes fewer than its provider's others. */
  readonly maxTextsPerRequest?: number | undefined;
  /** Tokens of one request's texts, where the model takes another number than its provider's others. */
  readonly maxTokensPerRequest?: number | undefined;
  /** US dollars for a million input tokens, as listed on the day that the table of models names. @default not known */
  readonly pricePerMillionTokens?: number | undefined;
}

/** The models of one provider by name. */
export type KnownModels = ReadonlyMap<string, KnownModel>;

/**
 * The dimensions to ask for: none where the model gives that many anyway. Throws a RangeError for what the model
 * cannot give.
 */
export function askedDimensions(
  model: string,
  known: KnownModel | undefined,
  dimensions: number | undefined,
): number | undefined {
  if (dimensions === undefined) return undefined;
  if (!Number.isSafeInteger(dimensions) || dimensions < 1) {
    throw new RangeError(`dimensions is ${dimensions}, expected a whole number of at least 1`);
  }
  if (known === undefined) return dimensions;
  if (dimensions === known.dimensions) return undefined;
  const { otherDimensions: other } = known;
  const possible =
    other !== undefined &&
    ("min" in other ? dimensions >= other.min && dimensions <= other.max : other.includes(dimensions));
  if (possible) return dimensions;
  throw new RangeError(
    `dimensions is ${dimensions}, but the model ${JSON.stringify(model)} makes ${describeDimensions(known)}`,
  );
}

/** The lengths that a model can give, in words. */
export function describeDimensions({ dimensions, otherDimensions: other }: KnownModel): string {
  if (other === undefined) return `${dimensions} only`;
  if ("min" in other) return `${other.min} to ${other.max}`;
  return [dimensions, ...other]
    .toSorted((a, b) => b - a)
    .join(", ")
    .replace(/, (\d+)$/, " or $1");
}
