// Runs the function of a page on a message: verify_jws.mjs MODULE SIGNATURE BODY JWKS DESTINATION, of which the second to fourth are files. What the message
// vouches for as JSON on standard output.
import {readFileSync} from "node:fs";
import {pathToFileURL} from "node:url";

const [module, signature, body, jwks, destination] = process.argv.slice(2);
const {verify} = await import(pathToFileURL(module));
console.log(JSON.stringify(await verify(readFileSync(signature, "utf8"), readFileSync(body), JSON.parse(readFileSync(jwks, "utf8")), destination)));
