/** The API's typed client, and its problems as errors. */
import createClient from "openapi-fetch";

import { keyInUse } from "./credentials";
import type { components, paths } from "./schema";

export type Schemas = components["schemas"];

/** What the API could not answer, in its own words; `status` is 0 where the server was not reached at all. */
export class ApiError extends Error {
  readonly status: number;
  readonly problem: string;

  constructor(status: number, problem: string, detail: string) {
    super(detail);
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }
}

export const client = createClient<paths>({ baseUrl: "" });

client.use({
  onRequest({ request }) {
    const key = keyInUse();
    if (key !== null) request.headers.set("Authorization", `Bearer ${key}`);
    return request;
  },
});

interface Answered<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** Return the document of an answer; throws ApiError for a problem, or where there was no answer. */
export async function answered<T>(asked: Promise<Answered<T>>): Promise<T> {
  let answer: Answered<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(0, "offline", "");
  }
  if (answer.data !== undefined) return answer.data;
  throw problemOf(answer.response.status, answer.error);
}

/** Return an error for an answer's status and body. */
export function problemOf(status: number, body: unknown): ApiError {
  if (typeof body === "object" && body !== null && "detail" in body && "type" in body) {
    const { detail, type } = body as Schemas["Problem"];
    return new ApiError(status, type.replace("urn:patron:problem:", ""), detail);
  }
  return new ApiError(status, "unknown", "");
}
