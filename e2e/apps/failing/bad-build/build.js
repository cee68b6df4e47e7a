console.error('pages/home.page:3: unexpected "}": the page cannot be built');
process.exit(1);
