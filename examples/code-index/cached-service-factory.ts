import { cacheServiceFactory } from "embed-once/code-index";
import { CodeIndexServiceFactory as Original } from "./service-factory.ts";

/** The change: the same factory with its own embedders, cached for all workspaces, branches and restarts. */
export const CodeIndexServiceFactory = cacheServiceFactory(Original, { cacheIn: "user" });
