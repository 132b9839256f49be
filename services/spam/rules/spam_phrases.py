"""What spam says, in English, Spanish and Italian, and how much it weighs.

How they are written down: see `rules.lexicon`.
"""

from typing import Final

from services.spam.rules.lexicon import Phrases

SPAM: Final = (
    Phrases(
        "crypto",
        "it is about speculation",
        2.0,
        0.5,
        r"""
        bitcoins?; btc; usdt; crypto(?:currency|currencies)?; ethereum; forex; binary options;
        trading (?:signals|platform|bot); copy trading; cripto(?:monedas?|valut[ae])?;
        opciones binarias; senales de trading; opzioni binarie; segnali di trading;
        inversion en cripto\w*
        """,
    ),
    Phrases(
        "profit",
        "it promises gain",
        3.0,
        1.5,
        r"""
        guaranteed (?:profits?|returns?|income|earnings);
        (?:daily|weekly|huge|massive|high) (?:profits?|returns?|payouts?);
        double your (?:money|investment|bitcoins?|crypto|income);
        (?:earn(?:ing)?|mak(?:e|ing)) (?:up to )?[$€£]? ?\d[\d.,]* ?[$€£k]* (?:a|per|every|each)
        (?:day|week|month|hour); passive income; financial freedom; extra income;
        make money (?:online|fast); work from home (?:and earn|job|opportunity);
        minimum (?:investment|deposit); invest(?:ed)? (?:just )?[$€£] ?\d[\d.,]*;
        investment (?:opportunity|platform|plan); my (?:trading )?(?:mentor|account manager|broker);
        ganancias? (?:garantizadas?|diarias?); ingresos (?:pasivos|extra);
        gan(?:a|e|ar) (?:dinero|hasta)[^.!?]{0,20} (?:desde casa|al dia|por dia|diarios|a la
        semana); gan(?:a|e|ar) dinero (?:facil|rapido|online);
        duplic(?:a|ar|ue) (?:tu|su) (?:dinero|inversion); libertad financiera;
        oportunidad de (?:inversion|negocio); inversion minima;
        guadagni? (?:garantit[io]|giornalier[io]); reddito (?:passivo|extra);
        guadagn(?:a|are|i) (?:fino a|da casa|soldi|online)[^.!?]{0,20};
        raddoppi(?:a|are) (?:il tuo|i tuoi) (?:investiment[oi]|soldi|denaro); liberta finanziaria;
        opportunita di (?:investimento|guadagno|business)
        """,
    ),
    Phrases(
        "promotion",
        "it sells services to the business",
        4.5,
        1.5,
        r"""
        seo (?:services?|agency|expert|audit|packages?|company|proposal|specialist);
        (?:first|1st|top) (?:page|position|spot) (?:of|on|in) google;
        rank(?:ing)? (?:your (?:site|website|store|shop) )?(?:higher|number one|#1|on google|on
        top); (?:quality|seo|dofollow|high da) backlinks?; guest posts?(?:ing)?; domain authority;
        (?:web|website) (?:design|redesign|development) (?:services?|company|agency);
        (?:redesign|rebuild) your (?:website|site|store); link building;
        (?:increase|boost|grow|drive|more) (?:your )?(?:website |organic |web |targeted )?traffic;
        buy (?:real )?(?:followers|likes|reviews);
        (?:gain|get) (?:\d[\d.,]*k? )?(?:real )?followers;
        grow your (?:instagram|tiktok|followers|following|business online);
        promote (?:it|your (?:page|brand|post|shop|store|business)) (?:on|at|with) ;
        lead generation; email lists?; mobile app development;
        posicionamiento (?:web|seo|en google);
        (?:primera pagina|primeros puestos|primeros resultados) (?:de|en) google;
        aument(?:ar|e|amos|a) (?:el|su|tu) (?:trafico|ventas)[^.!?]{0,20};
        diseno (?:web|de paginas web); servicios (?:de )?(?:seo|marketing digital);
        compr(?:a|ar) seguidores; (?:gana|consigue|aumenta tus) (?:\d[\d.,]*k? )?seguidores;
        posizionamento (?:seo|web|sui motori|su google);
        (?:prima pagina|primi posti|primi risultati) (?:di|su) google;
        aument(?:are|iamo|a) (?:il|le|la|i) (?:traffico|vendite|visibilita|visite)[^.!?]{0,20};
        (?:realizzazione|creazione) siti(?: web)?;
        servizi (?:di )?(?:seo|web marketing|marketing digitale); compra(?:re)? follower;
        (?:ottieni|guadagna) (?:\d[\d.,]*k? )?follower
        """,
    ),
    Phrases(
        "cold_offer",
        "it introduces itself to whoever reads it",
        2.0,
        1.0,
        r"""
        (?:i|we) (?:came across|was going through|was looking at|visited|found|checked|was
        on|reviewed) your (?:web ?site|site|store|page|online store);
        we are an? [^.!?]{0,40}(?:agency|company|firm|team of);
        (?:errors?|issues?|problems?) (?:on|in|with) your (?:web ?site|seo);
        (?:send you|share) (?:a |an |our |the )?(?:free )?(?:quote|proposal|audit|price
        list|portfolio|packages); free (?:website |seo )?(?:audit|consultation|analysis|report);
        dear (?:sir|madam|business owner|site owner|beneficiary|winner|friend);
        he (?:visitado|visto|encontrado|revisado) (?:su|tu|vuestra)
        (?:pagina|web|sitio|tienda)[^.!?]{0,10}; somos una (?:agencia|empresa); auditoria gratuita;
        estimado (?:propietario|ganador|amigo);
        ho (?:visitato|visto|trovato|analizzato) il (?:vostro|suo|tuo) sito;
        siamo un'? ?(?:agenzia|azienda); (?:analisi|consulenza) gratuita;
        gentile (?:vincitore|proprietario)
        """,
    ),
    Phrases(
        "gambling",
        "it is about gambling",
        4.0,
        2.0,
        r"""
        (?:online|crypto|best|live) casinos?; casinos? (?:online|bonus|games?); free spins?;
        no deposit(?: bonus)?; sports? betting; betting (?:tips|site|bonus); fixed matches;
        (?:welcome|deposit|signup|sign-up) bonus; slot (?:machines?|games?); mega jackpot; jackpot;
        (?:giros|tiradas|jugadas) gratis; apuestas (?:deportivas|seguras|online);
        casinos? (?:en linea|en vivo); bono de bienvenida; bono sin deposito; tragaperras;
        tragamonedas; giri gratis; scommesse(?: sportive)?;
        bonus (?:senza deposito|di benvenuto|casino); slot online
        """,
    ),
    Phrases(
        "adult",
        "it offers sex",
        4.5,
        2.0,
        r"""
        (?:hot|sexy|horny|naked) (?:girls?|singles?|women|babes?|milfs?|pics?|videos?|photos?);
        (?:my |send )?nudes; nude (?:pics?|photos?|videos?|cam); porno?; xxx; onlyfans; milfs?;
        adult (?:dating|videos?|content|chat);
        (?:sex|cam|webcam) (?:chat|girls?|dating|show|tonight); escorts?;
        hook ?up (?:tonight|with|now); singles? (?:near you|in your area);
        chicas? (?:calientes?|sexys?|desnudas?|solteras?);
        mujeres (?:solteras|calientes|maduras)(?: cerca| en tu zona)?;
        citas (?:para adultos|sexuales); fotos (?:desnudas?|calientes|intimas);
        sexo (?:gratis|esta noche|casual); ragazze (?:sexy|calde|nude|single);
        donne (?:single|mature|sole) (?:vicino|nella tua zona);
        incontri (?:hot|per adulti|di sesso|piccanti); foto (?:nude|hot|intime);
        video (?:hot|porno|piccanti)
        """,
    ),
    Phrases(
        "prize",
        "it says that its reader has won",
        3.0,
        2.0,
        r"""
        (?:you|u)(?:'ve| have)? (?:just |been )*(?:won|selected|chosen)(?: as)?;
        you are (?:the|our|a|one of our) (?:lucky |selected |grand )?winners?;
        lucky (?:winner|draw|customer|visitor);
        congratulations!? (?:you|dear|your (?:number|email|phone));
        claim your (?:free )?(?:prize|reward|gift|gift ?card|iphone|money|bonus|voucher|[$€£]
        ?\d[\d.,]*); (?:free|win an?) (?:iphone|samsung|macbook|gift ?card|ps5)[^.!?]{0,12};
        (?:has|ha) sido (?:seleccionad[oa]|elegid[oa]);
        (?:has|ha|usted ha) (?:ganado|resultado ganador[a]?);
        (?:eres|es usted) (?:el|la|nuestro|nuestra) (?:afortunad[oa] )?ganador[a]?;
        reclam[ae] (?:tu|su|ahora tu) (?:premio|regalo|recompensa|tarjeta);
        (?:hai|ha) (?:appena )?vinto; (?:sei|e) stat[oa] (?:selezionat[oa]|scelt[oa]|estratt[oa]);
        sei (?:il|la|un|il nostro) (?:fortunat[oa] )?vincitore;
        (?:ritira|riscuoti|richiedi|reclama) (?:subito |ora )?il tuo (?:premio|regalo|buono|iphone)
        """,
    ),
    Phrases(
        "pretence",
        "it demands payment or data in another's name",
        3.5,
        2.0,
        r"""
        your (?:[\w-]+ )?(?:account|page|mailbox|profile|card|domain|subscription|access) (?:has
        been|have been|will be|is|was) (?:temporarily |permanently
        )?(?:suspended|limited|locked|disabled|deactivated|restricted|blocked|deleted|scheduled for
        deletion|about to expire|expired);
        (?:verify|confirm|update|validate) your
        (?:account|identity|payment|billing|password|bank|card|personal|mailbox)[\w ]{0,20};
        unusual (?:activity|sign-?in|login);
        your (?:package|parcel|shipment|delivery) (?:is|has been|was) (?:held|on
        hold|waiting|suspended|stopped|pending)[^.!?]{0,15};
        (?:pay|unpaid|outstanding) (?:the |a |your
        )?(?:customs|delivery|shipping|redelivery|toll)(?: fees?| charges?)?;
        (?:overdue|unpaid|outstanding|past due) (?:invoice|payment|balance);
        (?:invoice|payment) (?:#?\w+ )?is (?:now )?(?:overdue|past due);
        copyright (?:infringement|violation)s?;
        violat(?:es|ed|ing|ion of) (?:our )?(?:community|trademark|copyright)
        (?:standards|guidelines|rights|policy|policies);
        (?:see|open|find) (?:the )?attached (?:invoice|payment|document) (?:and|to)
        (?:pay|confirm|avoid);
        (?:tu|su) (?:cuenta|pagina|buzon|tarjeta|perfil) (?:ha sido|sera|esta|fue) (?:temporalmente
        )?(?:suspendid[oa]|bloquead[oa]|limitad[oa]|desactivad[oa]|eliminad[oa]);
        (?:verifi(?:que|ca)|confirm[ae]|actuali(?:ce|za)) (?:su|sus|tu|tus)
        (?:cuenta|identidad|datos|contrasena|informacion)[\w ]{0,20};
        actividad (?:inusual|sospechosa) en (?:su|tu) cuenta;
        (?:tu|su) (?:paquete|envio) (?:esta|ha sido|fue) (?:retenido|detenido|bloqueado|en espera);
        pag(?:ar|ue|a) (?:las?|los?) (?:tasas?|gastos|aranceles|aduana)(?: de (?:aduana|envio))?;
        factura (?:vencida|impagada|pendiente de pago|adjunta);
        (?:il (?:tuo|suo|vostro)|la (?:tua|sua|vostra))
        (?:account|conto|pagina|casella|carta|profilo) (?:e stat[oa]|verra|sara|risulta)
        (?:temporaneamente )?(?:sospes[oa]|bloccat[oa]|limitat[oa]|disattivat[oa]|eliminat[oa]);
        (?:verific(?:a|hi)|conferm[ai]|aggiorn[ai]) (?:il tuo|il suo|la tua|i tuoi|i suoi)
        (?:account|conto|identita|dati|password)[\w ]{0,20};
        (?:il tuo|il suo) (?:pacco|ordine) (?:e|e stato|risulta) (?:trattenuto|bloccato|fermo|in
        giacenza|in attesa);
        pag(?:are|a|hi) (?:le|la|i) (?:spese|tassa|tasse|dazi|dogana)(?: (?:doganali|di
        spedizione|di dogana))?; fattura (?:scaduta|insoluta|non pagata|allegata)
        """,
    ),
    Phrases(
        "fortune",
        "it has a fortune to share",
        3.5,
        3.0,
        r"""
        next of kin; (?:sole |rightful )?beneficiar(?:y|ies); inheritance (?:fund|claim|of);
        million (?:us )?(?:dollars|usd|euros|pounds); [$€£] ?\d[\d.,]* million;
        unclaimed (?:fund|inheritance|estate)s?; fund transfer;
        confidential (?:business )?(?:proposal|transaction);
        late (?:client|husband|father)[^.!?]{0,40} (?:left|died|bank);
        millones de (?:dolares|euros); (?:una|la|mi) herencia; beneficiari[oa];
        propuesta (?:confidencial|de negocio); milioni di (?:dollari|euro); (?:una|la|mia) eredita;
        proposta (?:confidenziale|riservata|d'affari)
        """,
    ),
    Phrases(
        "loan",
        "it offers loans or cures",
        4.0,
        1.5,
        r"""
        (?:instant|payday|personal|business|quick|fast|urgent) loans?;
        loans? (?:approved|offer|at \d+ ?%); bad credit; no credit check; viagra; cialis;
        (?:weight loss|diet) (?:pills?|miracle); lose \d+ ?(?:kg|kilos|pounds|lbs) in;
        (?:prestamos?|creditos?) (?:rapidos?|inmediatos?|aprobados?|sin aval|personales|al
        instante|urgentes?); pier(?:da|de) \d+ ?(?:kg|kilos) en;
        prestit[oi] (?:veloc[ei]|immediat[oi]|approvat[oi]|rapid[oi]|personal[ei]|senza garanzie);
        perd(?:i|ere) \d+ ?(?:kg|chili) in
        """,
    ),
    Phrases(
        "urgency",
        "it presses for time",
        1.5,
        0.5,
        r"""
        act (?:now|fast|today); urgent(?:ly)?; immediately;
        (?:with)?in (?:the next )?(?:12|24|48) ?(?:h|hrs|hours); last chance;
        final (?:notice|warning|reminder); limited (?:time|spots|offer|slots);
        (?:expires?|ends?) (?:today|tonight|soon|in \d+); hurry(?: up)?; legal action;
        don't miss (?:out|this|it); permanently (?:deleted|disabled|closed); actu[ae] (?:ahora|ya);
        urgentes?; inmediatamente; (?:en|antes de) (?:las proximas )?(?:12|24|48) ?(?:h|horas);
        ultim[ao] (?:oportunidad|aviso); tiempo limitado; plazas limitadas;
        (?:caduca|expira|termina) (?:hoy|pronto); date prisa; no (?:te lo|lo) pierdas;
        acciones legales; agisci (?:ora|subito); subito; immediatamente;
        entro (?:le )?(?:prossime )?(?:12|24|48) ?(?:h|ore);
        ultim[ao] (?:occasione|possibilita|avviso); (?:offerta|tempo|posti) limitat[aoi];
        scade (?:oggi|presto); affrettati; non perdere (?:questa|l'); azioni legali
        """,
    ),
    Phrases(
        "push",
        "it wants to be followed elsewhere",
        1.5,
        0.5,
        r"""
        click (?:here|on|the link|this|below|to); tap (?:here|the link|below|to);
        (?:visit|open|follow|use) (?:the |this )link; link in (?:my )?bio;
        (?:check|see) my (?:profile|bio|page);
        (?:add|contact|message|write|text|dm|join) (?:me|us|him|her|our group|our channel)?
        ?(?:on|via|in|at) (?:telegram|whatsapp|signal|skype); telegram (?:group|channel);
        sign up (?:now|here|today); register (?:now|here|today); ha(?:z|ga) clic(?:k)?;
        (?:pincha|pulsa|entra|registrate) (?:aqui|en|ahora); enlace en (?:mi )?(?:bio|perfil);
        (?:escribeme|contactame|unete|agregame|escribanos)[^.!?]{0,20} (?:telegram|whatsapp);
        clicca (?:qui|sul|il|subito); (?:iscriviti|registrati|accedi) (?:qui|ora|subito);
        link in bio; (?:scrivimi|contattami|unisciti|aggiungimi)[^.!?]{0,20} (?:telegram|whatsapp)
        """,
    ),
)
