// Verifies a canned or custom signed URL as CloudFront does, then hands the request to the origin.
// njs keeps nothing from one request to the next, so the key is imported each time.

const KEY = Buffer.from('@key@', 'base64');
const BASE = '@base@';

function decoded(value) {
    return Buffer.from(value.replace(/-/g, '+').replace(/_/g, '=').replace(/~/g, '/'), 'base64');
}

async function verify(r) {
    const args = r.args;
    const signature = args.Signature;
    if (!signature || args['Key-Pair-Id'] !== 'KRSA') {
        return r.return(403, 'Access denied');
    }
    const policy = args.Policy
        ? decoded(args.Policy)
        : Buffer.from(`{"Statement":[{"Resource":"${BASE}${r.uri}","Condition":{"DateLessThan":{"AWS:EpochTime":${args.Expires}}}}]}`);
    const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-1' };
    const key = await crypto.subtle.importKey('spki', KEY, algorithm, false, ['verify']);
    if (!await crypto.subtle.verify(algorithm, key, decoded(signature), policy)) {
        return r.return(403, 'Access denied');
    }
    const statement = JSON.parse(policy).Statement[0];
    const resource = statement.Resource;
    const url = BASE + r.uri;
    const fits = resource.endsWith('*') ? url.startsWith(resource.slice(0, -1)) : resource === url;
    if (!fits || Date.now() / 1000 >= statement.Condition.DateLessThan['AWS:EpochTime']) {
        return r.return(403, 'Access denied');
    }
    r.internalRedirect('@origin');
}

export default { verify };
